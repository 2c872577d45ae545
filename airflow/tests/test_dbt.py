"""What DbtOperator reads from dbt's log, and what it tells dbt."""

import json
import logging

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_calve.dbt import DbtLog, DbtOperator

LOG = logging.getLogger("test")


def event(name, level, message, **data):
    """A line as dbt writes it."""
    return json.dumps({"info": {"name": name, "level": level, "msg": message}, "data": data})


def finished(name, status):
    """The line of a model or test that dbt is done with."""
    return event("NodeFinished", "debug", f"Finished {name}", run_result={"status": status},
                 node_info={"node_name": name, "unique_id": f"model.shop.{name}"})


def test_people_read_messages_and_each_result_is_counted_once(caplog):
    caplog.set_level(logging.DEBUG)
    said = DbtLog(LOG)
    for line in (event("MainReportVersion", "info", "Running with dbt=1.11.0"),
                 event("SQLQuery", "debug", "select secret"), event("Formatting", "info", ""),
                 finished("orders", "success"), finished("history", "error"),
                 finished("history", "error"), finished("unique_orders", "pass"),
                 event("RunResultError", "error", "  Division by zero\n"),
                 event("Deprecated", "warn", "soon gone"), "Error: no such image", '"text"', "{}"):
        said.take(line)
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("INFO", "Running with dbt=1.11.0"), ("ERROR", "Division by zero"),
        ("WARNING", "soon gone"), ("INFO", "Error: no such image"), ("INFO", '"text"'),
        ("INFO", "{}")]
    assert said.counts() == {"success": 1, "error": 1, "pass": 1}
    assert said.failed() == ["history"]


def test_a_project_without_its_packages_is_refused_before_a_container_starts(monkeypatch, tmp_path):
    (tmp_path / "packages.yml").write_text("packages: []\n")
    monkeypatch.setenv("AIRFLOW_CONN_CALVE_DEFAULT", json.dumps({
        "conn_type": "calve", "extra": {"dbt_project_dir": str(tmp_path)}}))
    with pytest.raises(AirflowFailException, match="has no dbt_packages.*: run `dbt deps` in it"):
        DbtOperator(task_id="dbt", image="calve-airflow").execute({})


def test_a_command_of_dbts_that_is_no_task_is_refused():
    with pytest.raises(AirflowFailException, match="dbt command 'clean' is none of run, build"):
        DbtOperator(task_id="dbt", command="clean").execute({})
