"""Trino reads what Calve wrote: rows, snapshots, files, history and time travel."""

import pytest

import oracle
from chain import Chain
from project import HISTORY, LANDING, ORDERS

FIRST_RUNS = 10
EVENTS_OF_A_FIRST_RUN = 3_000
EVENTS_OF_THE_LAST_RUN = 70_000


@pytest.fixture(scope="module")
def chain(tmp_path_factory, local_stack):
    """The reference pipeline before its first run."""
    return Chain(tmp_path_factory.mktemp("chain"), local_stack, "reads")


@pytest.fixture(scope="module")
def runs(chain):
    """100,000 events in eleven incremental runs, late, tied, repeated, deleted and re-inserted
    ones among them; after each, Trino read just the rows of plain SQL.

    Returns, for each run, the current snapshot of `orders` and how many rows it had.
    """
    left = []
    previous = []
    for run in range(FIRST_RUNS + 1):
        events = EVENTS_OF_A_FIRST_RUN if run < FIRST_RUNS else EVENTS_OF_THE_LAST_RUN
        name = f"events-{run}.csv"
        chain.generate_and_load(name, "--events", str(events), "--seed", str(run),
                                "--late-per-mille", "50", *previous)
        chain.tie_some_events()
        previous = ["--after", name]
        chain.calve("run")
        for table in oracle.TABLES:
            columns, rows = chain.expected(table)
            assert chain.trino_rows(table, columns) == rows, (run, table)
        snapshot = chain.catalog().load_table(ORDERS).current_snapshot().snapshot_id
        left.append((snapshot, len(chain.expected(ORDERS)[1])))
    return left


def test_every_table_equals_plain_sql_after_each_run(chain, runs):
    with chain.connect() as connection:
        events, late, deletes = connection.execute("""
            select count(*), count(*) filter (where audit_timestamp < before),
                   count(*) filter (where audit_operation = 'D')
            from (select *, lag(audit_timestamp) over (order by audit_event_id) as before
                  from audit_log_dml) a""").fetchone()
    assert len(runs) == 11 and events >= 100_000 and late > 1000 and deletes > 1000
    chain.check_tables()
    chain.check_proven()


def test_a_changed_row_would_be_seen(chain, runs):
    """The comparison can fail: one description changed at the source is a difference."""
    with chain.connect() as connection, connection.transaction(force_rollback=True):
        connection.execute(
            "update audit_log_dml set raw_data = jsonb_set(raw_data::jsonb, '{description}',"
            " '\"planted\"')::text where audit_event_id = (select max(audit_event_id) from"
            " audit_log_dml where audit_operation <> 'D')")
        columns, rows = oracle.rows(connection, oracle.TABLES[HISTORY])
    assert chain.trino_rows(HISTORY, columns) != rows


@pytest.mark.parametrize("table", oracle.TABLES)
def test_snapshots_files_and_history_are_the_ones_that_calve_shows(chain, runs, table):
    schema, name = table.split(".")
    shown = {row["snapshot"]: row for row in chain.json("table", "snapshots", table)}
    snapshots = chain.trino.rows(
        f'select snapshot_id, parent_id, operation from {schema}."{name}$snapshots"')
    loaded = chain.catalog().load_table(table)
    assert sorted(snapshots) == sorted(
        (s.snapshot_id, s.parent_snapshot_id, s.summary.operation.value)
        for s in loaded.snapshots())
    assert {snapshot for snapshot, _, _ in snapshots} == set(shown)
    history = chain.trino.rows(f'select snapshot_id, is_current_ancestor from {schema}.'
                               f'"{name}$history"')
    assert {snapshot for snapshot, current in history if current} <= set(shown)
    assert history[-1][0] == loaded.metadata.current_snapshot_id
    files = chain.trino.rows(f'select content, file_path, record_count, file_size_in_bytes from'
                             f' {schema}."{name}$files"')
    assert {path for content, path, _, _ in files if content == 0} == {
        row["file"] for row in chain.json("table", "files", table)}
    [[live]] = chain.trino.rows(f"select count(*) from {table}")
    deleted = sum(rows for content, _, rows, _ in files if content == 1)
    assert sum(rows for content, _, rows, _ in files if content == 0) - deleted == live


def test_time_travel_gives_the_rows_of_then(chain, runs):
    for snapshot, rows in runs:
        found = chain.trino.rows(f"select count(*) from {ORDERS} for version as of {snapshot}")
        assert found == [(rows,)]
    made = {s.snapshot_id: s.timestamp_ms for s in chain.catalog().load_table(ORDERS).snapshots()}
    for (snapshot, rows), (following, _) in zip(runs, runs[1:]):
        moment = (made[snapshot] + made[following]) // 2
        found = chain.trino.rows(f"select count(*) from {ORDERS} for timestamp as of"
                                 f" from_unixtime_nanos({moment} * bigint '1000000')")
        assert found == [(rows,)]


def test_compaction_changes_no_row_in_trinos_eyes(chain, runs):
    before = {table: chain.trino.rows(f"select * from {table} order by audit_event_id")
              for table in (ORDERS, HISTORY)}
    files = len(chain.trino.rows(f'select 1 from landing."{LANDING.split(".")[1]}$files"'))
    chain.calve("maintain", "compact", "--set", "maintenance.files_per_merge=2")
    for table, rows in before.items():
        assert chain.trino.rows(f"select * from {table} order by audit_event_id") == rows
    assert len(chain.trino.rows(f'select 1 from landing."{LANDING.split(".")[1]}$files"')) < files
    chain.check_tables()
    chain.check_proven()
