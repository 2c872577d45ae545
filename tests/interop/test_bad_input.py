"""The corpus of bad input through the whole chain, PostgreSQL to marts: every event is kept
exactly or quarantined with its reason; never a crash, a hang or a silent null."""

import json
import zlib

import psycopg
import pytest

import bad_input
import readers
from bad_input import COLUMNS, KEPT, Payload
from project import Project

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

    def __init__(self, folder, dsn):
        self.project = Project(folder, dsn)
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
        self.outcome = Outcome(self.project)

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
    return Corpus(tmp_path_factory.mktemp("bad") / "project", server.create_database("bad_input"))


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
