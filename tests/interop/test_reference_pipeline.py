"""The reference pipeline against plain SQL, as PyIceberg, DuckDB and fastavro see it."""

import datetime
import pathlib

import fastavro
import psycopg
import pyarrow as pa
import pytest

import oracle
import readers
from project import Project

RUNS = 21
EVENTS_PER_RUN = 10_000


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory, server):
    """A project after 21 incremental runs over 210,000 events, with what each run left.

    The generator's later files change the orders of earlier ones: inserts, updates, deletes,
    re-inserts, late events, duplicates.
    """
    project = Project(tmp_path_factory.mktemp("reference"), server.create_database("reference"))
    counts = []
    previous = []
    for run in range(RUNS):
        name = f"events-{run}.csv"
        project.generate_and_load(name, "--events", str(EVENTS_PER_RUN), "--seed", str(run),
                                  *previous)
        previous = ["--after", name]
        project.calve("run")
        if run == RUNS // 2:
            append_by_pyiceberg(project)
        table = project.catalog().load_table("marts.orders")
        with project.connect() as connection:
            counts.append((table.current_snapshot().snapshot_id,
                           len(oracle.rows(connection, oracle.ORDERS)[1])))
    return project, counts


def append_by_pyiceberg(project):
    """Appends to the landing table an event that the source gets too, under the same id."""
    timestamp = datetime.datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=datetime.timezone.utc)
    payload = '{"order_id": 7, "sum": "1.5", "description": "by another engine"}'
    with project.connect() as connection:
        event_id = connection.execute(
            "insert into audit_log_dml (audit_operation, audit_timestamp, tbl_schema, tbl_name,"
            " raw_data) values ('U', %s, 'public', 'orders', %s) returning audit_event_id",
            (timestamp, payload)).fetchone()[0]
    table = project.catalog().load_table("landing.ecomm_audit_log_dml")
    table.append(pa.Table.from_pylist([{
        "ingested_at": timestamp, "source_file": "pyiceberg", "audit_event_id": event_id,
        "audit_operation": "U", "audit_timestamp": timestamp, "tbl_schema": "public",
        "tbl_name": "orders", "raw_data": payload}], schema=table.schema().as_arrow()))
    project.calve("transform")


def expected(project, table):
    """The oracle's columns and rows; landing also has the event that PyIceberg appended."""
    with project.connect() as connection:
        columns, rows = oracle.rows(connection, oracle.TABLES[table])
    if table.startswith("landing."):
        rows = sorted(rows + [row for row in rows if "by another engine" in row[-1]])
    return columns, rows


@pytest.mark.parametrize("table", oracle.TABLES)
def test_pyiceberg_reads_the_rows_of_plain_sql(pipeline, table):
    project, _ = pipeline
    columns, rows = expected(project, table)
    assert len(rows) > 0
    found = readers.pyiceberg_rows(project.catalog().load_table(table), columns)
    assert found == rows


@pytest.mark.parametrize("table", oracle.TABLES)
def test_duckdb_reads_the_rows_of_plain_sql(pipeline, table):
    project, _ = pipeline
    columns, rows = expected(project, table)
    with readers.duckdb_connection() as connection:
        found = readers.duckdb_rows(connection, project.catalog().load_table(table), columns)
    assert found == rows


def test_the_runs_were_as_many_and_as_large_as_claimed(pipeline):
    project, _ = pipeline
    with project.connect() as connection:
        events = connection.execute("select count(*) from audit_log_dml").fetchone()[0]
    assert events >= 200_000
    operations = [s.summary.operation.value
                  for s in project.catalog().load_table("marts.orders").snapshots()]
    assert len(operations) >= 20 and "overwrite" in operations


def test_every_snapshot_can_be_read_as_of_then(pipeline):
    project, counts = pipeline
    table = project.catalog().load_table("marts.orders")
    shown = {row["snapshot"]: row["rows"]
             for row in project.json("table", "snapshots", "marts.orders")}
    for snapshot_id, rows in counts:
        assert table.scan(snapshot_id=snapshot_id).to_arrow().num_rows == rows
        assert shown[snapshot_id] == rows


def test_fastavro_reads_every_manifest(pipeline):
    project, _ = pipeline
    files = list((project.folder / "warehouse").rglob("*.avro"))
    assert len(files) > 100
    for file in files:
        with open(file, "rb") as stream:
            records = list(fastavro.reader(stream))
        assert records, file
        for record in records:
            path = record.get("manifest_path") or record["data_file"]["file_path"]
            assert pathlib.Path(path.removeprefix("file://")).exists()


def test_a_run_with_nothing_new_commits_nothing(pipeline):
    project, _ = pipeline
    before = [project.catalog().load_table(table).metadata_location for table in oracle.TABLES]
    project.calve("run")
    after = [project.catalog().load_table(table).metadata_location for table in oracle.TABLES]
    assert after == before


def test_the_oracle_sees_a_changed_row(pipeline):
    """The comparison can fail: one description changed at the source is a difference."""
    project, _ = pipeline
    with psycopg.connect(project.dsn) as connection:
        connection.execute(
            "update audit_log_dml set raw_data = jsonb_set(raw_data::jsonb, '{description}',"
            " '\"planted\"')::text where audit_event_id = (select max(audit_event_id) from"
            " audit_log_dml where audit_operation <> 'D')")
        columns, rows = oracle.rows(connection, oracle.TABLES["marts.orders_history_scd2"])
        connection.rollback()
    table = project.catalog().load_table("marts.orders_history_scd2")
    assert readers.pyiceberg_rows(table, columns) != rows
