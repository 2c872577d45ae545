"""Transforms by dbt on Trino as tasks of a real Airflow: by Calve, and by dbt itself."""

import os
import pathlib
import signal

import pytest

from airflow_api import wait_until
from orchestrated import Orchestrated
from processes import family_of, words_of
from project import HISTORY, ORDERS
from trino_sql import LONG_QUERY

pytestmark = pytest.mark.slow

DAG = "transform_on_trino"
CONNECTION = "calve_trino"
# `by` chooses between the two operators that transform on Trino.
DAG_FILE = f"""
import datetime

from airflow.sdk import DAG, Param, task

from airflow_provider_calve.assets import table_asset
from airflow_provider_calve.dbt import DbtOperator
from airflow_provider_calve.operators import CalveTransformOperator

with DAG("{DAG}", schedule=None, params={{"by": Param("calve", enum=["calve", "dbt"])}},
         default_args={{"retries": 1, "retry_delay": datetime.timedelta(seconds=1)}}):
    @task.branch
    def choose(params=None):
        return params["by"]

    choose() >> [
        CalveTransformOperator(task_id="calve", calve_conn_id="{CONNECTION}", engine="trino",
                               outlets=[table_asset("{ORDERS}")]),
        DbtOperator(task_id="dbt", command="run", calve_conn_id="{CONNECTION}")]
"""
UNDONE = "{{ config(materialized='table', contract={'enforced': false}) }} "


@pytest.fixture(scope="module")
def orchestrated(tmp_path_factory, local_stack):
    """The DAG at work on a chain of which 500 events have landed."""
    file = pathlib.Path(local_stack.up("airflow")["dags"], f"{DAG}.py")
    file.write_text(DAG_FILE)
    made = Orchestrated(tmp_path_factory.mktemp("trino"), local_stack, DAG, CONNECTION)
    made.api.unpause()
    land(made, 500)
    yield made
    file.unlink()


@pytest.fixture
def own_model(orchestrated):
    """A model beside the reference's, to be written by a test."""
    path = orchestrated.chain.folder / "dbt_dwh/models/marts/own.sql"
    yield path
    path.unlink(missing_ok=True)


def land(orchestrated, events):
    """Lets new events be committed, extracted and ingested."""
    orchestrated.generate(events)
    for key in orchestrated.chain.json("extract")["extracted_files"]:
        orchestrated.chain.json("ingest", "--s3-key", key)


def test_calve_transforms_by_trino_and_publishes_what_it_wrote(orchestrated):
    api, chain = orchestrated.api, orchestrated.chain
    run = orchestrated.trigger()
    assert api.states(run) == {"choose": "success", "calve": "success", "dbt": "skipped"}
    gained = {row["table"]: row for row in api.result(run, "calve")["models"]}
    for table in (ORDERS, HISTORY):
        [(count,)] = chain.trino.rows(f"select count(*) from {table}")
        assert (gained[table]["inserted"], gained[table]["deleted"]) == (count, 0)
    published = api.asset_events(run)[f"ecommerce.{ORDERS}"]
    assert published["snapshot_id"] == chain.catalog().load_table(
        ORDERS).current_snapshot().snapshot_id
    orchestrated.check()


@pytest.mark.parametrize(("sql", "said", "tries"), [
    (UNDONE + "select n / (n - n) as m from unnest(sequence(1, 3)) t(n)",
     "calve transform ended with exit code 1: dbt model own: DIVISION_BY_ZERO: Division by zero",
     2),
    ("{% if execute %}{{ exceptions.raise_compiler_error('violation: 2 events break the contract')"
     " }}{% endif %} select 1 as n",
     "calve transform ended with exit code 3: violation: 2 events break the contract", 1)],
    ids=["query", "contract"])
def test_a_model_that_fails_fails_the_task_by_its_sentence(orchestrated, own_model, sql, said,
                                                           tries):
    """Only where another try may help is there one."""
    api = orchestrated.api
    own_model.write_text(sql)
    run = api.trigger()
    assert api.end_of(run) == "failed"
    assert api.states(run)["calve"] == "failed"
    assert api.tries(run, "calve") == [tries]
    assert said in api.log(run, "calve", attempt=tries)


@pytest.fixture
def long_query(orchestrated, own_model):
    """Starts a run by calve or dbt, whose query on Trino would take hours; returns the run's id and
    the task's processes, once the query runs."""

    def start(by):
        own_model.write_text(UNDONE + LONG_QUERY)
        run = orchestrated.api.trigger({"by": by})
        wait_until(lambda: len(orchestrated.chain.trino.long_queries()) == 1)
        found = [pid for pid in family_of(orchestrated.service["pid"]) if is_program(pid)]
        own_model.unlink()  # for the next try
        return run, found

    return start


def is_program(pid):
    """Whether a process is calve or dbt, or looks after one of them."""
    words = words_of(pid)
    return any(pathlib.PurePath(word).name in ("guard.py", "calve", "dbt") for word in words)


def all_is_over(orchestrated, processes):
    """Waits until neither a program nor its query runs."""
    wait_until(lambda: not any(words_of(pid) for pid in processes))
    wait_until(lambda: not orchestrated.chain.trino.long_queries())


@pytest.mark.parametrize(("by", "programs"), [("calve", 3), ("dbt", 2)])
def test_a_task_that_is_marked_as_failed_ends_its_programs_and_its_query(orchestrated, long_query,
                                                                          by, programs):
    run, processes = long_query(by)
    assert len(processes) == programs
    orchestrated.api.mark(run, by, "failed")
    all_is_over(orchestrated, processes)
    assert orchestrated.api.end_of(run) == "failed"
    assert orchestrated.api.tries(run, by) == [1]


def test_a_task_that_is_cleared_while_it_runs_begins_again(orchestrated, long_query):
    run, processes = long_query("calve")
    orchestrated.api.clear(run, "calve")
    all_is_over(orchestrated, processes)
    assert orchestrated.api.end_of(run) == "success"
    assert orchestrated.api.tries(run, "calve") == [2]
    orchestrated.check()


@pytest.mark.parametrize("by", ["calve", "dbt"])
def test_a_worker_that_is_killed_leaves_nothing_running(orchestrated, long_query, by):
    """As where memory is short: the task's process has no time to end what it started."""
    run, processes = long_query(by)
    os.kill(parent_of(min(processes)), signal.SIGKILL)
    all_is_over(orchestrated, processes)
    assert orchestrated.api.end_of(run) == "success"
    assert orchestrated.api.tries(run, by) == [2]
    orchestrated.check()


def parent_of(pid):
    """The process that started another."""
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    return int(stat.rpartition(")")[2].split()[1])
