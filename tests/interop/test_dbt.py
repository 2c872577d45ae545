"""dbt on Trino against the native engine: one landing table, the same rows in every model."""

import re

import pyarrow as pa

from chain import Chain
from dbt_project import DbtProject
from project import FLATTENED, HISTORY, LANDING, ORDERS, STAGED
from test_bad_input import COLUMNS, DEDUPE, FLAT, Corpus

MODELS = [STAGED, FLATTENED, ORDERS, HISTORY]
FIRST_EVENTS = 30_000
LATER_EVENTS = 3_000
LATER_BATCHES = 7
STAGING_YML = "models/staging/ecomm/schema.yml"


def dbt_of(chain, local_stack, schema="dbt"):
    """The chain's own dbt project, run on Trino."""
    return DbtProject(chain.folder / "dbt_dwh", local_stack.up("trino"), chain.name, schema)


def keep_to_the_contract(chain):
    """Both engines take contracted columns only."""
    path = chain.folder / "dbt_dwh" / STAGING_YML
    path.write_text(path.read_text().replace("schema_evolution: propagate",
                                             "schema_evolution: contract"))


def columns_of(chain, table):
    return sorted(name for name, *_ in chain.trino.rows(f"show columns from {table}"))


def difference(chain, table, columns):
    """How many rows of a model only one of the engines has, by engine."""
    listed = ", ".join(f'"{column}"' for column in columns)
    counts = []
    for one, other in ((table, f"dbt_{table}"), (f"dbt_{table}", table)):
        counts += chain.trino.rows(f"select count(*) from (select {listed} from {one}"
                                   f" except all select {listed} from {other})")[0]
    return counts


def checksum(chain, table, columns):
    """How many rows a table has, and the sum of their hashes."""
    listed = ", ".join(f'"{column}"' for column in columns)
    return chain.trino.rows(f"select count(*), checksum(row({listed})) from {table}")


def check_same(chain, models=MODELS):
    """Each model has the same columns and the same rows in both engines."""
    for table in models:
        columns = columns_of(chain, table)
        assert columns_of(chain, f"dbt_{table}") == columns, table
        if checksum(chain, table, columns) != checksum(chain, f"dbt_{table}", columns):
            raise AssertionError(f"{table}: rows that only native, only dbt has:"
                                 f" {difference(chain, table, columns)}")
    for table in models[:2]:
        check_same_quarantine(chain, table.split(".")[1])


def check_same_quarantine(chain, model):
    """The same events are quarantined, for the same reason."""
    query = (f"select audit_event_id, rule, column_name, raw_data from {{}}quarantine.{model}"
             " order by 1, 2, 4")
    native = rows_or_none(chain, query.format(""))
    assert rows_or_none(chain, query.format("dbt_")) == native, model


def rows_or_none(chain, query):
    """A query's rows; none where its table isn't there yet."""
    table = re.search(r" from (\w+)\.(\w+)", query)
    found = chain.trino.rows("select 1 from information_schema.tables where table_schema ="
                             f" '{table[1]}' and table_name = '{table[2]}'")
    return chain.trino.rows(query) if found else []


def add_hostile_events(chain, batch):
    """Events that break their contract, or come twice, at the source and in landing."""
    payloads = ['{"order_id": 1', '{"sum": 1}', '{"order_id": "x"}', "[]", None,
                '{"order_id": 3, "sum": "1e400"}', '{"order_id": 4, "order_timestamp": "never"}',
                '{"order_id": 5, "order_id": 6, "sum": 1.50, "description": "twice"}']
    with chain.connect() as connection:
        for payload in payloads:
            connection.execute(
                "insert into audit_log_dml (audit_operation, audit_timestamp, tbl_schema,"
                " tbl_name, raw_data) values ('U', now(), 'public', 'orders', %s)", (payload,))
        connection.execute(
            "insert into audit_log_dml (audit_operation, audit_timestamp, tbl_schema, tbl_name,"
            " raw_data) values ('X', now(), 'public', 'orders', '{\"order_id\": 7}')")
    if batch:
        table = chain.catalog().load_table(LANDING)
        copies = table.scan(limit=40).to_arrow().to_pylist()
        for number, row in enumerate(copies):
            row["source_file"] = f"again/{batch}.csv"
            row["raw_data"] = f"other content {batch}" if number % 10 == 0 else row["raw_data"]
        table.append(pa.Table.from_pylist(copies, schema=table.schema().as_arrow()))


def add_late_events(chain):
    """Events from just before some that are landed, deletes among them."""
    with chain.connect() as connection:
        connection.execute(
            "insert into audit_log_dml (audit_operation, audit_timestamp, tbl_schema, tbl_name,"
            " raw_data) select 'U', audit_timestamp - interval '1 microsecond', tbl_schema,"
            " tbl_name, raw_data from audit_log_dml where audit_event_id % 101 = 0"
            " or audit_operation = 'D' and audit_event_id % 11 = 0")


def test_both_engines_make_the_same_tables_of_51_000_events(tmp_path, local_stack):
    """Eight batches with late, tied, repeated, deleted, re-inserted and broken events; new fields
    are accepted on the way."""
    chain = Chain(tmp_path / "chain", local_stack, "engines")
    keep_to_the_contract(chain)
    dbt = dbt_of(chain, local_stack)
    earlier = []
    for batch in range(1 + LATER_BATCHES):
        name = f"events-{batch}.csv"
        add_late_events(chain)
        chain.generate_and_load(
            name, "--events", str(LATER_EVENTS if batch else FIRST_EVENTS), "--seed", str(batch),
            "--late-per-mille", "50", "--drift-columns", "2" if batch > 2 else "0", *earlier)
        earlier = ["--after", name]
        chain.tie_some_events()
        add_hostile_events(chain, batch)
        chain.calve("run")
        if batch == 4:
            accepted = chain.json("contract", "accept")["accepted"]
            assert len(accepted) == 2
        changed = dbt.changed()
        assert all(changed.values()), (batch, changed)
        check_same(chain)
    assert not any(dbt.changed().values())
    assert chain.trino.rows(f"select count(*) >= 50000 from dbt_{HISTORY}") == [(True,)]
    assert chain.trino.rows(f"select count(distinct rule) from quarantine.{FLATTENED.split('.')[1]}") == [(4,)]


def write_models(dbt):
    """One-line SQL files for the models of the corpus of bad input, in place of the example's."""
    models = dbt / "models"
    for path in [*models.rglob("*.sql"), *models.rglob("unit_tests.yml")]:
        if path.stem != DEDUPE:
            path.unlink()
    for path, upstream, macro in ((f"staging/ecomm/{FLAT}", DEDUPE, "flatten"),
                                  ("marts/ecomm/items", FLAT, "current_state"),
                                  ("marts/ecomm/items_history", FLAT, "history_scd2")):
        (models / f"{path}.sql").write_text(f"{{{{ calve.{macro}(ref('{upstream}')) }}}}\n")


def test_both_engines_cast_alike(tmp_path, local_stack):
    """The whole corpus of bad input is kept or quarantined alike, to the last value."""
    chain = Chain(tmp_path / "chain", local_stack, "casts")
    corpus = Corpus(chain)
    keep_to_the_contract(chain)
    write_models(chain.folder / "dbt_dwh")
    dbt_of(chain, local_stack).run("run")
    labels = {event: label for label, event in corpus.events.items()}

    native, other = (dict(chain.trino.rows(
        f"select audit_event_id, array[rule, column_name] from {prefix}quarantine.{FLAT}"))
        for prefix in ("", "dbt_"))
    assert {labels[event]: rule for event, rule in other.items()} == {
        labels[event]: rule for event, rule in native.items()}
    texts = ", ".join(f"cast({column} as varchar)" for column in COLUMNS)
    query = f"select audit_event_id, array[{texts}] from {{}}staging.{FLAT}"
    native, other = (dict(chain.trino.rows(query.format(prefix))) for prefix in ("", "dbt_"))
    assert len(native) > 150
    assert {labels[event]: texts for event, texts in other.items()} == {
        labels[event]: texts for event, texts in native.items()}


def test_both_engines_agree_on_order_by_id_and_composite_keys(tmp_path, local_stack):
    """Ordered by id alone, a version begins no earlier than the one before it."""
    chain = Chain(tmp_path / "chain", local_stack, "orders")
    keep_to_the_contract(chain)
    path = chain.folder / "dbt_dwh/models/marts/ecomm/schema.yml"
    text = path.read_text().replace("order_by: [audit_timestamp, audit_event_id]",
                                    "order_by: [audit_event_id]")
    path.write_text(text.replace("key: [order_id]\n          order", "key: [tbl_name, order_id]\n          order"))
    dbt = dbt_of(chain, local_stack)
    for batch in range(2):
        chain.generate_and_load(f"events-{batch}.csv", "--events", "1000", "--seed", str(batch),
                                "--late-per-mille", "200",
                                *(["--after", "events-0.csv"] if batch else []))
        chain.tie_some_events()
        chain.calve("run")
        dbt.run("run")
        check_same(chain)
    assert chain.trino.rows(f"select count(*) > 0 from {HISTORY} h join {FLATTENED} f"
                            " on h.audit_event_id = f.audit_event_id"
                            " where h.valid_from > f.audit_timestamp") == [(True,)]
