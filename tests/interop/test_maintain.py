"""Maintenance beside other engines: the same rows, before and after, in their eyes too."""

import datetime
import os
import signal
import time

import pytest

import oracle
import readers
from project import LANDING, Failed, Project

SMALL = ("--set", "maintenance.files_per_merge=2")


@pytest.fixture
def project(tmp_path, server, request):
    """A project over a fresh database whose tables have six commits each."""
    project = Project(tmp_path / "project",
                      server.create_database(request.node.name.replace("[", "_")[:50]))
    previous = []
    for step in range(6):
        name = f"events-{step}.csv"
        project.generate_and_load(name, "--events", "300", "--seed", str(step), *previous)
        previous = ["--after", name]
        project.calve("--set", "maintenance.automatic=off", "run")
    return project


def check_tables(project):
    """Every table holds just the oracle's rows, as PyIceberg and DuckDB read them."""
    duckdb = readers.duckdb_connection()
    with project.connect() as connection:
        for name, query in oracle.TABLES.items():
            columns, rows = oracle.rows(connection, query)
            table = project.catalog().load_table(name)
            assert readers.pyiceberg_rows(table, columns) == rows
            assert len(readers.duckdb_rows(duckdb, table, ["audit_event_id"])) == len(rows)


def rows_by_snapshot(project, name):
    """Event ids of every retained snapshot, by snapshot id."""
    table = project.catalog().load_table(name)
    return {snapshot.snapshot_id: readers.pyiceberg_rows(table, ["audit_event_id"],
                                                         snapshot.snapshot_id)
            for snapshot in table.snapshots()}


def test_compaction_and_expiry_keep_the_rows_and_time_travel(project):
    before = {name: rows_by_snapshot(project, name) for name in oracle.TABLES}
    planned = project.json(*SMALL, "maintain", "compact", "--dry-run")
    assert any(table["data_files_removed"] > 0 for table in planned)
    assert {name: rows_by_snapshot(project, name) for name in oracle.TABLES} == before
    done = {table["table"]: table for table in project.json(*SMALL, "maintain", "compact")}
    for name in oracle.TABLES:
        assert done[name]["commits"] >= 1
        after = rows_by_snapshot(project, name)
        assert before[name].items() <= after.items()
    check_tables(project)
    expired = project.json("--set", "maintenance.max_snapshots=2", "maintain", "expire")
    assert all(table["snapshots_expired"] > 0 for table in expired)
    for name in oracle.TABLES:
        after = rows_by_snapshot(project, name)
        assert len(after) < len(before[name])
    check_tables(project)
    assert project.json("run")["run"]["commits"] == 0
    project.calve("fsck")


def test_appends_of_another_engine_between_and_during_are_kept(project):
    table = project.catalog().load_table(LANDING)
    arrow = table.scan().to_arrow()
    copy = arrow.slice(0, 50)
    compactions = []
    for _ in range(5):
        compactions.append(project.start(*SMALL, "maintain", "compact"))
        project.catalog().load_table(LANDING).append(copy)  # repeats: ids drop them
    for process in compactions:
        _, stderr = process.communicate(timeout=120)
        assert process.returncode == 0, stderr
    assert project.catalog().load_table(LANDING).scan().to_arrow().num_rows == \
        arrow.num_rows + 250
    project.calve("run")
    with project.connect() as connection:
        for name in ("marts.orders", "marts.orders_history_scd2"):
            columns, rows = oracle.rows(connection, oracle.TABLES[name])
            assert readers.pyiceberg_rows(project.catalog().load_table(name), columns) == rows


def test_only_old_orphans_are_removed(project):
    data = project.folder / "warehouse" / "marts" / "orders" / "data"
    old, young = data / "old.parquet", data / "young.parquet"
    for path in (old, young):
        path.write_bytes(b"left behind")
    past = time.time() - datetime.timedelta(days=4).total_seconds()
    for path in (project.folder / "warehouse").rglob("*"):
        if path.is_file() and path != young:
            os.utime(path, (past, past))
    with pytest.raises(Failed) as refused:
        project.calve("maintain", "orphans", "--older-than", "2d")
    assert refused.value.code == 2
    found = project.json("maintain", "orphans", "--dry-run")
    assert [file["file"] for file in found["files"]] == [str(old)] and old.exists()
    project.json("maintain", "orphans")
    assert not old.exists() and young.exists()
    check_tables(project)


def test_following_outlives_its_source_and_says_so_once(project, server):
    process = project.start("run", "--follow", "--every", "50ms", "--set",
                            "maintenance.max_snapshots=5")

    def load_and_wait(name, previous):
        project.generate_and_load(name, "--events", "100", "--seed", "9", "--after", previous)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and project.json("plan")["plan"]["extract_rows"]:
            time.sleep(0.2)

    try:
        load_and_wait("before.csv", "events-5.csv")  # it follows now
        server.postgres.stop("immediate")
        time.sleep(3)
        server.postgres.start()
        load_and_wait("later.csv", "before.csv")
        time.sleep(1)
    finally:
        process.send_signal(signal.SIGTERM)
        stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 0, stderr
    assert stderr.count("trying again") == 1 and "going on after" in stderr
    project.calve("run")
    check_tables(project)
