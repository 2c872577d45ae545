"""Several processes at once on one catalog: one wins, nothing is doubled."""

import json

import pytest

import oracle
import readers
from project import KEY_PREFIX, Project

RACERS = 4


@pytest.fixture
def project(tmp_path, server, request):
    """A project over a fresh database with 2,000 events."""
    name = request.node.name.replace("[", "_").replace("]", "")[:60]
    project = Project(tmp_path / "project", server.create_database(name))
    project.generate_and_load("events.csv", "--events", "2000", "--seed", "1")
    return project


def race(project, *args):
    """Starts the same command several times at once; returns their standard outputs."""
    processes = [project.start(*args) for _ in range(RACERS)]
    outputs = []
    for process in processes:
        stdout, stderr = process.communicate(timeout=120)
        assert process.returncode == 0, stderr
        outputs.append(stdout)
    return outputs


def last_json(output):
    """The drop-in commands' last line of standard output."""
    return json.loads(output.strip().splitlines()[-1])


def check_tables(project):
    """Every table holds just the oracle's rows."""
    with project.connect() as connection:
        for name, query in oracle.TABLES.items():
            columns, rows = oracle.rows(connection, query)
            assert readers.pyiceberg_rows(project.catalog().load_table(name), columns) == rows


def test_extractions_of_one_interval_give_the_same_files_once(project):
    outputs = race(project, "extract", "--data-interval-start", "2026-01-01T00:00:00Z",
                   "--data-interval-end", "2026-01-01T01:00:00Z")
    results = [last_json(output) for output in outputs]
    assert all(result == results[0] for result in results)
    assert results[0]["count"] == len(results[0]["extracted_files"]) >= 1
    files = {path.relative_to(project.folder / "lake").as_posix()
             for path in (project.folder / "lake").rglob("*.csv")}
    assert files == set(results[0]["extracted_files"])
    entries = list((project.folder / "lake" / KEY_PREFIX / "_calve" / "extractions").iterdir())
    assert len(entries) == 1
    project.calve("run")
    check_tables(project)


def test_ingests_of_one_file_add_it_once(project):
    key = last_json(project.calve("extract"))["extracted_files"][0]
    results = [last_json(output) for output in race(project, "ingest", "--s3-key", key)]
    assert sorted(result["total_rows"] for result in results) == [0] * (RACERS - 1) + [2000]
    assert len(project.catalog().load_table("landing.ecomm_audit_log_dml").snapshots()) == 1
    project.calve("transform")
    check_tables(project)


def test_ingests_of_many_files_at_once_lose_none(project):
    keys = last_json(project.calve("extract", "--batch-size", "250"))["extracted_files"]
    assert len(keys) == 8
    processes = [project.start("ingest", "--s3-key", key) for key in keys]
    for process in processes:
        _, stderr = process.communicate(timeout=120)
        assert process.returncode == 0, stderr
    project.calve("transform")
    check_tables(project)


def test_transforms_at_once_apply_each_event_once(project):
    project.calve("extract")
    key = next((project.folder / "lake").rglob("*.csv")).relative_to(project.folder / "lake")
    project.calve("ingest", "--s3-key", str(key))
    race(project, "transform")
    check_tables(project)


def test_whole_runs_at_once_end_in_the_right_tables(project):
    race(project, "run")
    check_tables(project)
    project.generate_and_load("more.csv", "--events", "1000", "--seed", "2", "--after",
                              "events.csv")
    race(project, "run")
    check_tables(project)
