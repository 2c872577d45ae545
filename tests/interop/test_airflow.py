"""The example's DAG on a real Airflow: states from its API, rows from Trino and PyIceberg."""

import json
import pathlib

import psycopg
import pytest

from airflow_api import wait_until
from orchestrated import ROWS_PER_FILE, Orchestrated
from processes import LOOPBACK, family_of, listening_addresses, words_of
from project import FLATTENED, HISTORY, LANDING, ORDERS, STAGED

MOST_MAPPED = 4  # where the limit is tried often
AIRFLOWS_LIMIT = 1024
DAG = "audit_log_extract_with_data_intervals_dag"
ALL_DONE = {"extract": "success", "choose_engine": "success", "transform_native": "success",
            "transform_dbt": "skipped", "verify": "success"}


@pytest.fixture(scope="module")
def orchestrated(tmp_path_factory, local_stack):
    """The DAG at work on a chain with 600 events, which its schedule's first run has taken."""
    made = Orchestrated(tmp_path_factory.mktemp("airflow"), local_stack, DAG, "calve_default")
    assert made.api.import_errors() == []
    made.generate(600)
    made.api.unpause()
    made.api.wait_for_run("scheduled")
    made.api.end_of(made.api.runs("scheduled")[0]["dag_run_id"])
    return made


def test_no_component_listens_off_loopback(orchestrated):
    listening = listening_addresses(family_of(orchestrated.service["pid"]))
    assert listening and set(listening) <= LOOPBACK


def test_the_schedule_runs_with_an_interval_that_is_not_empty(orchestrated):
    api = orchestrated.api
    run = api.runs("scheduled")[0]
    assert run["state"] == "success", api.states(run["dag_run_id"])
    assert run["data_interval_start"] < run["data_interval_end"]
    assert api.states(run["dag_run_id"]) == {**ALL_DONE, "ingest": ["success"] * 2}
    orchestrated.check()


def test_a_run_by_hand_publishes_snapshots_and_lineage(orchestrated):
    orchestrated.load(300)
    run = orchestrated.trigger()
    [key] = orchestrated.api.result(run, "extract")
    assert orchestrated.api.result(run, "ingest", map_index=0) == {"total_rows": 300,
                                                                   "keys": [key]}
    orchestrated.check()
    catalog = orchestrated.chain.catalog()
    events = orchestrated.api.asset_events(run)
    for name in (LANDING, STAGED, FLATTENED, ORDERS, HISTORY):
        table = catalog.load_table(name)
        [(rows,)] = orchestrated.chain.trino.rows(f"select count(*) from {name}")
        assert events[f"ecommerce.{name}"] == {
            "table": name, "uuid": str(table.metadata.table_uuid), "location": table.location(),
            "snapshot_id": table.current_snapshot().snapshot_id, "rows": rows}
    assert lineage_of(orchestrated, run, "transform_native", ORDERS) == str(
        catalog.load_table(ORDERS).current_snapshot().snapshot_id)


def lineage_of(orchestrated, run, task, table):
    """The version that OpenLineage's events give a table that a task wrote."""
    location = orchestrated.chain.catalog().load_table(table).location()
    for line in pathlib.Path(orchestrated.service["lineage"]).read_text().splitlines():
        event = json.loads(line)
        if event["eventType"] == "COMPLETE" and event["job"]["name"] == f"{DAG}.{task}":
            for output in event["outputs"]:
                if f"{output['namespace']}/{output['name']}" == location:
                    found = output["facets"]["version"]["datasetVersion"]
    return found


def test_a_cleared_run_finds_its_files_again_and_doubles_nothing(orchestrated):
    orchestrated.load(200)
    run = orchestrated.trigger()
    keys = orchestrated.api.result(run, "extract")
    orchestrated.load(100)  # for a later run: the repeated one leaves them alone
    orchestrated.api.clear(run, "extract")
    assert orchestrated.api.end_of(run) == "success"
    assert orchestrated.api.tries(run, "extract") == [2]
    assert orchestrated.api.result(run, "extract") == keys
    assert orchestrated.api.result(run, "ingest", map_index=0)["total_rows"] == 0
    assert orchestrated.chain.json("plan")["plan"]["extract_rows"] == 100
    orchestrated.chain.check_proven()


def test_a_backfill_takes_what_is_new_once_and_its_empty_interval_is_no_failure(orchestrated):
    api = orchestrated.api
    orchestrated.load(150)
    api.backfill("2025-06-01T00:00:00Z", "2025-06-01T00:10:00Z")
    api.wait_for_run("backfill", count=2)
    first, second = [run["dag_run_id"] for run in api.runs("backfill")]
    assert [api.end_of(run) for run in (first, second)] == ["success", "success"]
    assert api.states(first) == {**ALL_DONE, "ingest": ["success"]}
    assert api.states(second) == {**ALL_DONE, "ingest": "skipped"}
    [key] = api.result(first, "extract")
    assert "/2025/06/01/" in key
    orchestrated.check()


def test_a_failing_ingest_is_tried_again(orchestrated):
    api = orchestrated.api
    orchestrated.load(100)
    with orchestrated.catalog_out_of_reach():
        run = api.trigger()
        api.wait_for_task(run, "ingest", "up_for_retry")
    assert api.end_of(run) == "success"
    assert api.tries(run, "ingest") == [2]
    orchestrated.check()


def test_a_failing_transform_fails_the_run_until_its_cause_is_gone(orchestrated):
    """A contract that a row breaks is no matter of luck: there is no second try."""
    api, chain = orchestrated.api, orchestrated.chain
    models = chain.folder / "dbt_dwh/models/staging/ecomm/schema.yml"
    kept = models.read_text()
    assert "on_violation: quarantine" in kept
    models.write_text(kept.replace("on_violation: quarantine", "on_violation: fail"))
    with chain.connect() as source:
        source.execute("insert into audit_log_dml (audit_operation, audit_timestamp, tbl_schema,"
                       " tbl_name, raw_data) values ('I', now(), 'public', 'orders', '{broken')")
    run = api.trigger()
    assert api.end_of(run) == "failed"
    states = api.states(run)
    assert states.pop("ingest")
    assert states == {**ALL_DONE, "transform_native": "failed", "verify": "upstream_failed"}
    assert api.tries(run, "transform_native") == [1]
    assert "ended with exit code 3" in api.log(run, "transform_native")
    assert "{broken" not in api.log(run, "transform_native")
    models.write_text(kept)
    api.clear(run, "transform_native")
    assert api.end_of(run) == "success"
    assert chain.trino.rows(f"select count(*) from quarantine.{FLATTENED.split('.')[1]}") == [(1,)]
    chain.check_proven()  # plain SQL can't read the payload


@pytest.mark.slow
def test_dbt_transforms_by_a_parameter_and_a_failed_model_fails_the_task(orchestrated):
    api, chain = orchestrated.api, orchestrated.chain
    orchestrated.load(200)
    broken = chain.folder / "dbt_dwh/models/marts/broken.sql"
    broken.write_text("{{ config(materialized='view', contract={'enforced': false}) }}"
                      " select no_such_column from {{ ref('orders') }}")
    run = api.trigger({"engine": "dbt"})
    api.wait_for_task(run, "transform_dbt", "up_for_retry")
    assert "dbt build ended with exit code 1: broken failed" in api.log(run, "transform_dbt")
    broken.unlink()
    assert api.end_of(run) == "success"
    states = api.states(run)
    assert (states["transform_dbt"], states["transform_native"]) == ("success", "skipped")
    assert api.tries(run, "transform_dbt") == [2]
    assert set(api.result(run, "transform_dbt")["statuses"]) <= {"success", "pass", "no-op"}
    table = chain.catalog().load_table(ORDERS)
    assert api.asset_events(run)[f"ecommerce.{ORDERS}"]["snapshot_id"] == \
        table.current_snapshot().snapshot_id
    chain.check_proven()


@pytest.mark.slow
def test_a_failing_transform_is_tried_again(orchestrated):
    """Without new files it is the first to need the catalog."""
    api = orchestrated.api
    with orchestrated.catalog_out_of_reach():
        run = api.trigger()
        api.wait_for_task(run, "transform_native", "up_for_retry")
    assert api.end_of(run) == "success"
    assert api.states(run) == {**ALL_DONE, "ingest": "skipped"}
    assert api.tries(run, "transform_native") == [2]


@pytest.mark.slow
def test_a_task_that_is_marked_as_failed_stops_its_program(orchestrated):
    api = orchestrated.api
    orchestrated.load(100)
    with psycopg.connect(orchestrated.chain.dsn) as other:
        other.execute("lock table audit_log_dml")  # The extraction waits for it.
        run = api.trigger()
        wait_until(lambda: extracting(orchestrated))
        api.mark(run, "extract", "failed")
        wait_until(lambda: not extracting(orchestrated))
        assert api.end_of(run) == "failed"
    api.clear(run, "extract")
    assert api.end_of(run) == "success"
    orchestrated.chain.check_proven()


def extracting(orchestrated):
    """Whether some `calve … extract` of Airflow's runs."""
    return [pid for pid in family_of(orchestrated.service["pid"])
            if {"extract", "--data-interval-start"} <= words_of(pid)]


@pytest.fixture
def narrow(orchestrated, local_stack, monkeypatch):
    """The same, where Airflow maps a task over no more than MOST_MAPPED."""
    local_stack.down("airflow")
    with monkeypatch.context() as narrowed:
        narrowed.setenv("AIRFLOW__CORE__MAX_MAP_LENGTH", str(MOST_MAPPED))
        local_stack.up("airflow")
    yield orchestrated
    local_stack.down("airflow")
    local_stack.up("airflow")


@pytest.mark.slow
def test_more_files_than_airflow_maps_over_come_in_batches(narrow):
    narrow.load(7 * ROWS_PER_FILE)
    run = narrow.trigger()
    assert [len(batch) for batch in narrow.api.result(run, "extract")] == [2, 2, 2, 1]
    assert narrow.api.states(run)["ingest"] == ["success"] * MOST_MAPPED
    narrow.check()


@pytest.mark.slow
def test_more_files_than_airflows_own_limit_come_in_batches(orchestrated):
    """As after a long pause: hundreds of tasks, and every row once. Takes up to half an hour."""
    files = AIRFLOWS_LIMIT + 76
    orchestrated.connect(rows_per_file=2)
    try:
        orchestrated.load(2 * files)
        run = orchestrated.trigger(seconds=3600)
    finally:
        orchestrated.connect(ROWS_PER_FILE)
    batches = orchestrated.api.result(run, "extract")
    assert [len(batch) for batch in batches] == [2] * (files // 2)
    assert len({key for batch in batches for key in batch}) == files
    assert orchestrated.api.states(run)["ingest"] == ["success"] * len(batches)
    orchestrated.check()
