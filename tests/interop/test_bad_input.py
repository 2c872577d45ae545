"""The corpus of bad input through the whole chain, PostgreSQL to marts: every event is kept
exactly or quarantined with its reason; never a crash, a hang or a silent null."""

import csv
import hashlib
import json
import os
import zlib

import pytest

import bad_input
import readers
from bad_input import COLUMNS, KEPT
from project import Failed, Project

FLAT = "stg_items"
DEDUPE = "stg_ecomm_audit_log_dml"
TIME = "timestamp(6) with time zone"
EVENT_COLUMNS = {"ingested_at": TIME, "source_file": "varchar", "audit_event_id": "bigint",
                 "audit_operation": "varchar", "audit_timestamp": TIME, "tbl_schema": "varchar",
                 "tbl_name": "varchar"}


def columns_yml(columns, not_null=()):
    """Columns of a schema.yml, as what YAML makes of them."""
    return [{"name": name, "data_type": type_name, "description": name,
             **({"data_tests": ["not_null"]} if name in not_null else {})}
            for name, type_name in columns.items()]


def model_yml(name, columns, not_null=(), **meta):
    """A model of a schema.yml."""
    return {"name": name, "description": name, "columns": columns_yml(columns, not_null),
            "config": {"contract": {"enforced": True}, "meta": {"calve": meta}}}


def write_contracts(project, payload_columns, source_table="public.items"):
    """Puts a flatten model of all types, and its marts, in place of the example's."""
    models = project.folder / "dbt_dwh" / "models"
    flat = {**EVENT_COLUMNS, "id": "bigint", **payload_columns}
    history = {**{name: kind for name, kind in flat.items() if name != "audit_timestamp"},
               "valid_from": TIME, "valid_to": TIME, "is_current": "boolean",
               "is_deleted": "boolean"}
    dedupe = model_yml(DEDUPE, {**EVENT_COLUMNS, "raw_data": "varchar"}, ["audit_event_id"],
                       kind="dedupe", **{"from": "ecomm_audit_log_dml"})
    flatten = model_yml(FLAT, flat, ["audit_event_id", "id"], kind="flatten",
                        source_table=source_table, **{"from": DEDUPE})
    marts = [model_yml("items", flat, ["id"], kind="current", key=["id"], **{"from": FLAT}),
             model_yml("items_history", history, ["id", "valid_from", "is_current", "is_deleted"],
                       kind="history", key=["id"], **{"from": FLAT})]
    for layer, layer_models in (("staging", [dedupe, flatten]), ("marts", marts)):
        (models / layer / "ecomm" / "schema.yml").write_text(
            json.dumps({"version": 2, "models": layer_models}))


def insert(connection, raw, table="items", operation="I"):
    """Inserts an event whose payload is an SQL expression (with parameters); returns its id."""
    sql, *parameters = raw
    return connection.execute(
        "insert into audit_log_dml (audit_operation, audit_timestamp, tbl_schema, tbl_name,"
        f" raw_data) values ('{operation}', clock_timestamp(), 'public', %s, {sql})"
        " returning audit_event_id", (table, *parameters)).fetchone()[0]


class Outcome:
    """What a run made of the corpus: rows that were kept, and quarantined ones, by event id."""

    def __init__(self, project):
        self.sources = {}
        with project.connect() as connection:
            for event_id, raw in connection.execute(
                    "select audit_event_id, raw_data from audit_log_dml where tbl_name = 'items'"):
                self.sources[event_id] = raw
        self.kept = self._rows(project, "staging." + FLAT)
        self.quarantined = self._rows(project, "quarantine." + FLAT)

    @staticmethod
    def _rows(project, name):
        """Rows by event id; moments as microseconds and dates as days, both as DuckDB counts,
        any other value as its text."""
        table = project.catalog().load_table(name)
        show = {"timestamp": "epoch_us({0})", "timestamptz": "epoch_us({0})",
                "date": "{0} - date '1970-01-01'"}
        fields = {field.name: str(field.field_type) for field in table.schema().fields}
        columns = [f"({show.get(kind, '{0}').format(quoted(field))})::varchar as {quoted(field)}"
                   for field, kind in fields.items()]
        with readers.duckdb_connection() as connection:
            cursor = connection.execute(
                f"select {', '.join(columns)} from iceberg_scan('{table.metadata_location}')")
            names = [column[0] for column in cursor.description]
            rows = [dict(zip(names, row)) for row in cursor.fetchall()]
        by_id = {int(row["audit_event_id"]): row for row in rows}
        assert len(by_id) == len(rows), f"an event stands twice in {name}"
        return by_id


def quoted(name):
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


class Corpus:
    """The corpus as events, and what became of them after one run."""

    def __init__(self, project):
        self.project = project
        self.events = {}  # (label, how the value is written) -> event id
        write_contracts(self.project, {name: kind for name, (kind, _) in COLUMNS.items()})
        with self.project.connect() as connection:
            for statement in bad_input.SETUP_SQL.split(";"):
                connection.execute(statement) if statement.strip() else None
            connection.execute("set timezone = 'America/New_York'")
            for value in bad_input.VALUES:
                self._insert_value(connection, value)
            for payload in bad_input.PAYLOADS:
                self._insert_payload(connection, payload)
        self.report = self.project.json("run")

    def _insert_value(self, connection, value):
        for how, cast in (("JSON", ""), ("string", "::text")):
            key = len(self.events) + 1
            label = f"{value.label}: {value.sql}"
            assert (label, how) not in self.events, label
            self.events[label, how] = insert(
                connection, (f"json_build_object('id', {key}, '{value.column}', "
                             f"({value.sql}){cast})::text".replace("%", "%%"),))

    def _insert_payload(self, connection, payload):
        key = len(self.events) + 1
        raw = None if payload.raw is None else payload.raw.replace("{id}", str(key))
        assert (payload.label, "raw") not in self.events, payload.label
        self.events[payload.label, "raw"] = insert(connection, ("%s", raw))


@pytest.fixture(scope="module")
def corpus(tmp_path_factory, server):
    """The corpus, run once."""
    corpus = Corpus(Project(tmp_path_factory.mktemp("bad") / "project",
                            server.create_database("bad_input")))
    corpus.outcome = Outcome(corpus.project)
    return corpus


@pytest.fixture(scope="module")
def judge(corpus):
    """A connection that says what PostgreSQL makes of a payload's text."""
    with corpus.project.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        yield connection


def check_quarantined(corpus, event_id, rule, column):
    """The event is in quarantine alone, whole, with its reason."""
    outcome = corpus.outcome
    assert event_id not in outcome.kept, "it was taken for good"
    row = outcome.quarantined[event_id]
    assert row["rule"] == rule, row["reason"]
    assert row["column_name"] == (column if rule != "payload" else None)
    assert row["reason"] and row["model"] == FLAT and row["discarded_at"] is None
    assert row["raw_data"] == outcome.sources[event_id]


def same(judge, column, kept, oracle, parameters):
    """Whether PostgreSQL says that the value kept in a column is the oracle's."""
    kind = COLUMNS.get(column, ("", "bigint"))[1]
    if kind == "text":
        comparison = f"%s::text is not distinct from ({oracle})::text"
    elif kind in ("timestamp", "timestamptz"):
        comparison = (f"%s::numeric is not distinct from "
                      f"extract(epoch from ({oracle})::{kind}) * 1000000")
    elif kind == "date":
        comparison = f"%s::int is not distinct from ({oracle})::date - date '1970-01-01'"
    else:  # As text, so that -0 is not 0.
        comparison = f"%s::{kind}::text is not distinct from ({oracle})::{kind}::text"
    query = f"select {comparison} from (select %s::text as raw) payload"
    return judge.execute(query, (kept, *parameters)).fetchone()[0]


@pytest.mark.parametrize("how", ["JSON", "string"])
@pytest.mark.parametrize("value", bad_input.VALUES, ids=lambda value: value.label)
def test_a_value_is_kept_exactly_or_quarantined(corpus, judge, value, how):
    event_id = corpus.events[f"{value.label}: {value.sql}", how]
    if value.outcome != KEPT:
        check_quarantined(corpus, event_id, value.outcome, value.column)
        return
    assert event_id not in corpus.outcome.quarantined, corpus.outcome.quarantined[event_id]["reason"]
    kept = corpus.outcome.kept[event_id][value.column]
    raw = corpus.outcome.sources[event_id]
    assert kept is not None
    member = f"raw::json -> '{value.column}'"
    nested = judge.execute(f"select json_typeof({member}) in ('object', 'array') from"
                           " (select %s::text as raw) p", (raw,)).fetchone()[0]
    if nested:
        assert judge.execute(f"select %s::jsonb = ({member})::jsonb from"
                             " (select %s::text as raw) p", (kept, raw)).fetchone()[0]
        return
    oracle = value.oracle or f"raw::json ->> '{value.column}'"
    assert same(judge, value.column, kept, oracle, (raw,)), kept


@pytest.mark.parametrize("payload", bad_input.PAYLOADS, ids=lambda payload: payload.label)
def test_a_payload_is_kept_exactly_or_quarantined(corpus, judge, payload):
    event_id = corpus.events[payload.label, "raw"]
    if payload.outcome != KEPT:
        row = corpus.outcome.quarantined.get(event_id, {})
        check_quarantined(corpus, event_id, payload.outcome, row.get("column_name"))
        return
    assert event_id not in corpus.outcome.quarantined, corpus.outcome.quarantined[event_id]["reason"]
    row = corpus.outcome.kept[event_id]
    for column, oracle in payload.oracle.items():
        if oracle == "NUL":
            assert row[column] == "a\0b"
        else:
            assert same(judge, column, row[column], oracle, (corpus.outcome.sources[event_id],))
    others = set(COLUMNS) - set(payload.oracle)
    assert all(row[column] is None for column in others)


def test_every_event_came_out_once(corpus):
    kept, quarantined = corpus.outcome.kept.keys(), corpus.outcome.quarantined.keys()
    assert kept | quarantined == corpus.outcome.sources.keys()
    assert not kept & quarantined
    assert corpus.report["run"]["quarantined"] == len(quarantined)
    assert len(corpus.events) == len(corpus.outcome.sources) > 250


def run_small(folder, dsn, columns=None):
    """A project with the key and one text column, over a database that is filled already."""
    project = Project(folder, dsn)
    write_contracts(project, columns or {"v_varchar": "varchar"})
    return project


def column_of(member):
    """The column for a field that the contract does not name, as product and docs define it."""
    if member and not member[0].isdigit() and all(
            c in "abcdefghijklmnopqrstuvwxyz0123456789_" for c in member):
        return member
    return None


def test_names_of_fields_keep_their_values_apart(tmp_path, server):
    """Hostile names, and names that differ by case or form alone, each get a column."""
    dsn = server.create_database("bad_names")
    project = run_small(tmp_path / "project", dsn)
    fields = {name: f"value of {number}" for number, name in enumerate(bad_input.NAMES)}
    with project.connect() as connection:
        connection.execute("create table pub_t (sentinel int)")
        insert(connection, ("%s", json.dumps({"id": 1, **fields}, ensure_ascii=False)))
        for name in filter(None, bad_input.NAMES):
            insert(connection, ("%s", '{"id": 2}'), table=name)
        project.calve("run")
        assert connection.execute("select count(*) from pub_t").fetchone() == (0,)
        sources = connection.execute("select audit_event_id, tbl_name from audit_log_dml"
                                     " order by 1").fetchall()
    row, = project.catalog().load_table("marts.items").scan().to_arrow().to_pylist()
    for name, value in fields.items():
        if name in ("valid_from", "raw_data", "audit_event_id", "_pos", "_file"):
            columns = [column for column, held in row.items() if held == value]
        else:
            columns = [column_of(name) or next(
                column for column in row if column.endswith(f"{zlib.crc32(name.encode()):08x}"))]
        assert [row[column] for column in columns] == [value], name
    assert len(row) == len(EVENT_COLUMNS) + 2 + len(fields)
    assert readers.pyiceberg_rows(project.catalog().load_table("staging." + DEDUPE),
                                  ["audit_event_id", "tbl_name"]) == sources
    assert {path.name for path in project.folder.iterdir()} >= {"lake", "warehouse"}
    assert not (project.folder.parent / "etc").exists()


@pytest.mark.parametrize("name", ['o"; drop table pub_t; --', "a/b", "Select", "é" * 31, "x y "])
def test_names_of_tables_are_quoted(tmp_path, server, name):
    """An audit table and a source table of a hostile name are read as any other."""
    dsn = server.create_database(f"bad_table_{zlib.crc32(name.encode())}")
    project = Project(tmp_path / "project", dsn)
    write_contracts(project, {"v_varchar": "varchar"}, source_table=f"public.{name}")
    quoted_name = quoted(name)
    with project.connect() as connection:
        connection.execute("create table pub_t (sentinel int)")
        insert(connection, ("%s", '{"id": 1, "v_varchar": "a"}'), table=name)
        connection.execute(f"alter table audit_log_dml rename to {quoted_name}")
        project.calve("--set", f"source.audit_log.table=public.{quoted_name}", "run")
        assert connection.execute("select count(*) from pub_t").fetchone() == (0,)
    row, = project.catalog().load_table("marts.items").scan().to_arrow().to_pylist()
    assert (row["id"], row["v_varchar"], row["tbl_name"]) == (1, "a", name)


def test_a_payload_of_1600_columns_is_kept(tmp_path, server):
    project = run_small(tmp_path / "project", server.create_database("bad_wide"))
    fields = {f"c{number}": number for number in range(1600)}
    with project.connect() as connection:
        insert(connection, ("%s", json.dumps({"id": 1, **fields})))
        insert(connection, ("%s", '{"id": 2}'))
    assert project.json("run")["run"]["quarantined"] == 0
    for table in ("staging." + FLAT, "marts.items", "marts.items_history"):
        first, second = sorted(project.catalog().load_table(table).scan().to_arrow().to_pylist(),
                               key=lambda row: row["id"])
        assert all(first[name] == str(number) for name, number in fields.items()), table
        assert all(second[name] is None for name in fields), table


def quarantined(project):
    """The flatten model's quarantined rows, by event id."""
    rows = project.json("quarantine", "show", "--model", FLAT)
    return {row["audit_event_id"]: row for row in rows}


def test_an_event_without_a_finite_time_is_quarantined(tmp_path, server):
    project = run_small(tmp_path / "project", server.create_database("bad_time"))
    times = ["infinity", "-infinity", "294276-12-31 00:00:00+00", "2024-01-01 00:00:00+00"]
    with project.connect() as connection:
        for number, time in enumerate(times, 1):
            connection.execute(
                "insert into audit_log_dml (audit_operation, audit_timestamp, tbl_schema,"
                " tbl_name, raw_data) values ('I', %s, 'public', 'items', %s)",
                (time, f'{{"id": {number}}}'))
    assert project.json("run")["run"]["quarantined"] == 3
    found = quarantined(project)
    assert [(row["rule"], row["column_name"]) for row in found.values()] == [
        ("not_null", "audit_timestamp")] * 3
    landed = "".join(path.read_text() for path in (project.folder / "lake").rglob("*.csv"))
    for number, row in found.items():
        assert row["raw_data"] == f'{{"id": {number}}}'
        assert f"{number},I,{times[number - 1]},public" in landed


@pytest.mark.parametrize("encoding, raw, kept", [
    ("SQL_ASCII", b'{"id": 1, "v_varchar": "a\xff\\n"}', None),
    ("SQL_ASCII", '{"id": 1, "v_varchar": "é"}'.encode(), "é"),
    ("SQL_ASCII", b'{"id": 1, "v_varchar": "\xed\xa0\x80"}', None),
    ("LATIN1", b'{"id": 1, "v_varchar": "\xe9"}', "é")])
def test_bytes_of_another_encoding(tmp_path, server, encoding, raw, kept):
    """Of a database that checks no encoding, what is no UTF-8 is quarantined, escaped."""
    dsn = server.create_database(f"bad_bytes_{encoding}_{zlib.crc32(raw)}", encoding)
    project = run_small(tmp_path / "project", dsn)
    with project.connect() as connection:
        connection.execute(f"set client_encoding = '{encoding}'")
        connection.execute(
            "insert into audit_log_dml (audit_operation, audit_timestamp, tbl_schema, tbl_name,"
            f" raw_data) values ('I', now(), 'public', 'items', convert_from('\\x{raw.hex()}',"
            f" '{encoding}'))")
    project.calve("run")
    if kept is None:
        row = quarantined(project)[1]
        assert (row["rule"], row["column_name"]) == ("encoding", "raw_data")
        shown = row["raw_data"].split("\n", 1)[1]
        assert unescape(shown) == raw
    else:
        row, = project.catalog().load_table("marts.items").scan().to_arrow().to_pylist()
        assert row["v_varchar"] == kept


def unescape(text):
    """The bytes that an escaped text stands for."""
    return text.encode().decode("unicode_escape").encode("latin-1") if text.isascii() else None


def ingest(project, name, content):
    """Ingests a landing file of its own; returns what the command line said."""
    path = project.folder / "lake" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return project.calve("ingest", "--s3-key", name)


HEADER = b"audit_event_id,audit_operation,audit_timestamp,tbl_schema,tbl_name,raw_data\n"
GOOD = b'1,I,2024-01-01 00:00:00+00,public,items,"{""id"": 1}"\n'


@pytest.mark.parametrize("rows, message", [
    (b"2,I,,public,items\n", "line 3, column 5 (tbl_name): the row has 5 columns, not 6"),
    (b"2,I,,public,items,{},x\n", "line 3, column 6 (raw_data): the row has 7 columns, not 6"),
    (b'2,I,,public,items,"{}\n', "line 3, column 6 (raw_data): the quote is never closed"),
    (b"two,I,,public,items,{}\n", "line 3, column 1 (audit_event_id): not a 64-bit whole number"),
    (b"\n", "line 3, column 1 (audit_event_id): the row has 1 columns, not 6")])
def test_a_broken_landing_file_is_named_and_none_of_it_taken(tmp_path, server, rows, message):
    dsn = server.create_database(f"bad_csv_{zlib.crc32(rows)}")
    project = run_small(tmp_path / "project", dsn)
    with pytest.raises(Failed) as failed:
        ingest(project, "raw/a.csv", HEADER + GOOD + rows)
    assert failed.value.code == 1 and message in failed.value.stderr
    assert list((project.folder / "warehouse").rglob("*.parquet")) == []
    ingest(project, "raw/b.csv", b"\xef\xbb\xbf" + HEADER.replace(b"\n", b"\r\n") + GOOD)
    project.calve("transform")
    assert len(project.catalog().load_table("marts.items").scan().to_arrow()) == 1


def test_a_landing_file_of_mixed_encodings(tmp_path, server):
    project = run_small(tmp_path / "project", server.create_database("bad_mixed"))
    ingest(project, "raw/a.csv", HEADER + GOOD
           + b'2,I,2024-01-01 00:00:00+00,public,items,"{""id"": 2, ""v_varchar"": ""\xe9""}"\n'
           + '3,I,2024-01-01 00:00:00+00,public,items,"{""id"": 3, ""v_varchar"": ""é""}"\n'.encode()
           + b'4,I,2024-01-01 00:00:00+00,public,items,"{""id"": 4, ""v_varchar"": ""\0""}"\n'
           + b"5,I,not a time,public,items,{}\n"
           + b"6,I,2024-01-01 00:00:00+00,publ\xe9c,items,{}\n")
    report = project.json("transform")
    assert {row["table"]: row["quarantined"] for row in report["models"]}["staging." + FLAT] == 3
    assert {number: row["rule"] for number, row in quarantined(project).items()} == {
        2: "encoding", 4: "payload", 5: "timestamp"}
    staged = readers.pyiceberg_rows(project.catalog().load_table("staging." + DEDUPE),
                                    ["audit_event_id", "tbl_schema", "raw_data"])
    assert staged[3][2] == '{"id": 4, "v_varchar": "\0"}'
    assert staged[5][1] == "publ\\xe9c" and staged[5][2].startswith("calve:unfit encoding")
    kept = {row["id"]: row["v_varchar"] for row in
            project.catalog().load_table("marts.items").scan().to_arrow().to_pylist()}
    assert kept == {1: None, 3: "é"}


def peak_bytes(project, *arguments):
    """Runs the command line; returns the most memory it held at once."""
    process = project.start(*arguments)
    process.stdout.read()
    stderr = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, stderr
    return usage.ru_maxrss * 1024


def test_an_event_above_the_limit_is_quarantined_by_its_hash(tmp_path, server):
    project = run_small(tmp_path / "project", server.create_database("bad_large"))
    payload = json.dumps({"id": 1, "v_varchar": "é\n\"" * 1000})
    with project.connect() as connection:
        insert(connection, ("%s", payload))
        insert(connection, ("%s", '{"id": 2}'))
    project.calve("--set", "limits.max_event_bytes=2000", "run")
    row = quarantined(project)[1]
    assert row["rule"] == "max_event_bytes"
    assert str(len(payload.encode())) in row["reason"]
    assert hashlib.sha256(payload.encode()).hexdigest() in row["reason"]
    with open(project.folder / "lake" / row["source_file"], newline="") as file:
        assert payload in [event["raw_data"] for event in csv.DictReader(file)]
    assert [row["id"] for row in
            project.catalog().load_table("marts.items").scan().to_arrow().to_pylist()] == [2]


def test_an_event_of_255_mb_passes_within_512_mib(tmp_path, server):
    project = run_small(tmp_path / "project", server.create_database("bad_huge"))
    piece = '{"id": 2}' + "x" * 999_991
    with project.connect() as connection:
        insert(connection, ("%s", '{"id": 1}'))
        # The last row, by which the next extraction proves continuity.
        insert(connection, ("repeat(%s, 255)", piece))
    limit = 512 * 1024 * 1024
    for steps in (["extract"], ["extract"], ["run"], ["verify"]):
        assert peak_bytes(project, *steps) < limit, steps
    digest = hashlib.sha256(piece.encode() * 255).hexdigest()
    row = quarantined(project)[2]
    assert "255000000 bytes" in row["reason"] and digest in row["reason"]
    csv.field_size_limit(1 << 30)
    with open(project.folder / "lake" / row["source_file"], newline="") as file:
        landed = {int(event["audit_event_id"]): event["raw_data"] for event in csv.DictReader(file)}
    assert landed[2] == piece * 255
    assert len(project.catalog().load_table("marts.items").scan().to_arrow()) == 1
