"""Airflow's operators with `image=`: the steps run in containers, by podman."""

import json
import os
import signal
import subprocess
import urllib.parse

import pytest

import podman
from airflow_api import wait_until
from dbt_project import DBT
from drop_in import BINARY, ROOT, DropIn
from trino_sql import LONG_QUERY, create_catalog

AIRFLOW_PYTHON = ROOT / ".venv" / "environments" / "airflow" / "bin" / "python"

# What a DAG's tasks would do, without the scheduler.
TASKS = f"""
import datetime, json, sys, types
from airflow_provider_calve.operators import CalveExtractOperator, CalveIngestOperator

image = "localhost/calve:{podman.TAG}"
noon = datetime.datetime(2025, 6, 1, 12, tzinfo=datetime.UTC)
context = {{"dag_run": types.SimpleNamespace(run_type="scheduled", run_after=noon),
           "data_interval_start": noon - datetime.timedelta(hours=1), "data_interval_end": noon}}
bucket, prefix = sys.argv[1:]
keys = CalveExtractOperator(task_id="extract", image=image, target_bucket=bucket,
                            target_prefix=prefix, batch_size=100).execute(context)
rows = [CalveIngestOperator(task_id="ingest", image=image, key=key, source_bucket=bucket)
        .execute(context)["total_rows"] for key in keys + keys]
print(json.dumps({{"keys": keys, "rows": rows}}))
"""


# A task whose program ends politely, and that is killed as soon as it runs.
STARTED = f"""
import sys, threading
from airflow_provider_calve.hook import CalveHook

runs = threading.Event()
hook = CalveHook(image="localhost/calve:{podman.TAG}")
words = ["-c", "trap 'exit 7' TERM; echo runs; sleep 600 & wait"]
task = threading.Thread(target=hook.run_program, args=("sh", words),
                        kwargs={{"hear": lambda _: runs.set()}})
task.start()
runs.wait()
"""
KILLED = STARTED + """
hook.stop()
task.join()
print(hook.returncode)
"""
GONE = STARTED + """
import os, signal
os.kill(os.getpid(), signal.SIGKILL)
"""

# Runs dbt's command in a container; prints the results by status, or why it failed.
DBT_TASK = f"""
import json, sys
from airflow.sdk.exceptions import AirflowException
from airflow_provider_calve.dbt import DbtOperator

try:
    found = DbtOperator(task_id="dbt", command=sys.argv[1],
                        image="localhost/calve-airflow:{podman.TAG}").execute({{}})
except AirflowException as error:
    found = {{"error": str(error)}}
print(json.dumps(found))
"""
# As Airflow does where such a task is marked as failed.
DBT_KILLED = f"""
import sys, threading, time
from airflow_provider_calve.dbt import DbtOperator

operator = DbtOperator(task_id="dbt", command="run", select="own",
                       image="localhost/calve-airflow:{podman.TAG}")
threading.Thread(target=operator.execute, args=({{}},)).start()
sys.stdin.readline()
operator.on_kill()
"""


@pytest.mark.slow
def test_a_killed_task_ends_its_container(images, tmp_path):
    printed = run_in_airflow(KILLED, home=tmp_path, connection={
        "extra": {"container_engine": "podman"}})
    assert printed.splitlines()[-1] == "7", printed
    assert containers_of_tasks() == []


@pytest.mark.slow
def test_a_container_does_not_outlive_a_killed_worker(images, tmp_path):
    done = start_in_airflow(GONE, home=tmp_path, connection={
        "extra": {"container_engine": "podman"}})
    assert done.wait() == -signal.SIGKILL
    wait_until(lambda: containers_of_tasks() == [])


def containers_of_tasks():
    """Containers that tasks have started and that are there."""
    found = subprocess.run(["podman", "ps", "--all", "--filter", "name=calve-task-", "--quiet"],
                           text=True, env={**os.environ, **podman.SETTINGS}, capture_output=True,
                           check=True)
    return found.stdout.split()


def start_in_airflow(program, *arguments, home, connection):
    """Starts a Python program in Airflow's environment with a connection; returns the process."""
    return subprocess.Popen(
        [AIRFLOW_PYTHON, "-c", program, *map(str, arguments)], text=True, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={
            **os.environ, **podman.SETTINGS, "AIRFLOW_HOME": str(home),
            "PYTHONPATH": str(ROOT / "airflow" / "src"),
            "AIRFLOW_CONN_CALVE_DEFAULT": json.dumps({"conn_type": "calve", **connection})})


def run_in_airflow(program, *arguments, home, connection):
    """Runs such a program to its end; returns its output."""
    process = start_in_airflow(program, *arguments, home=home, connection=connection)
    printed, _ = process.communicate()
    assert process.returncode == 0, printed
    return printed


def filled(local_stack):
    """The drop-in containers with a source that holds a hundred orders."""
    containers = DropIn(local_stack, podman.run_image)
    containers.put_secrets()
    done = containers.run("data-generator", "--num-records", "100",
                          **containers.postgres_variables())
    assert done.returncode == 0, done.stderr
    return containers


@pytest.mark.slow
def test_tasks_with_an_image_land_every_row_once(images, local_stack, tmp_path):
    containers = filled(local_stack)
    variables = containers.secret_paths()
    connection = {"host": variables.pop("VAULT_ADDR"),
                  "password": variables.pop("VAULT_TOKEN"),
                  "extra": {"environment": variables, "container_engine": "podman",
                            "container_options": podman.CONFINED}}
    printed = run_in_airflow(TASKS, containers.minio["bucket"], containers.prefix, home=tmp_path,
                             connection=connection)
    answer = json.loads(printed.splitlines()[-1])
    files = len(answer["keys"])
    assert files > 1 and "/2025/06/01/" in answer["keys"][0]
    assert sum(answer["rows"]) == len(containers.source_rows())
    assert answer["rows"][files:] == [0] * files
    assert containers.landed_rows() == containers.source_rows()


class Modelled:
    """A dbt project on landed orders, for containers. Attributes: `project` (its folder), `trino`,
    `containers`."""

    def __init__(self, folder, local_stack):
        self.containers = filled(local_stack)
        for key in self.containers.extract():
            self.containers.ingest(key)
        service = local_stack.up("trino")
        self.trino = create_catalog(service, self.containers.name,
                                    self.containers.catalog.rsplit("/", 1)[1],
                                    self.containers.warehouse)
        self._port = str(urllib.parse.urlsplit(service["url"]).port)
        subprocess.run([BINARY, "init", folder / "shop"], check=True, capture_output=True)
        self.project = folder / "shop" / "dbt_dwh"

    def connection(self):
        """Airflow's connection for tasks in containers."""
        return {"extra": {
            "dbt_project_dir": str(self.project), "container_engine": "podman",
            "container_options": podman.CONFINED,
            "environment": {"TRINO_HOST": "127.0.0.1", "TRINO_PORT": self._port,
                            "TRINO_CATALOG": self.containers.name}}}

    def own_model(self, sql):
        """Writes one more model."""
        (self.project / "models/marts/own.sql").write_text(
            "{{ config(materialized='table', contract={'enforced': false}) }} " + sql)


@pytest.fixture(scope="module")
def modelled(images, local_stack, tmp_path_factory):
    """A project whose landing table holds a hundred orders."""
    return Modelled(tmp_path_factory.mktemp("modelled"), local_stack)


@pytest.mark.slow
def test_dbt_of_an_image_builds_the_models_and_names_what_fails(modelled, tmp_path):
    def build():
        return json.loads(run_in_airflow(DBT_TASK, "build", home=tmp_path,
                                         connection=modelled.connection()).splitlines()[-1])

    assert "has no dbt_packages" in build()["error"]
    subprocess.run([DBT, "deps", "--project-dir", modelled.project], check=True,
                   capture_output=True)
    assert set(build()["statuses"]) <= {"success", "pass"}
    latest = {}
    for event in modelled.containers.source_rows():
        order = json.loads(event[5])["order_id"]
        latest[order] = max(latest.get(order, event), event, key=lambda one: (one[2], one[0]))
    left = sum(event[1] != "D" for event in latest.values())
    assert modelled.trino.rows("select count(*) from marts.orders") == [(left,)]
    modelled.own_model("select no_such_column from {{ ref('orders') }}")
    assert build()["error"].startswith("dbt build ended with exit code 1: own failed")


@pytest.mark.slow
def test_a_killed_dbt_ends_its_container_and_its_query(modelled, tmp_path):
    subprocess.run([DBT, "deps", "--project-dir", modelled.project], check=True,
                   capture_output=True)
    modelled.own_model(LONG_QUERY)
    task = start_in_airflow(DBT_KILLED, home=tmp_path, connection=modelled.connection())
    wait_until(lambda: len(modelled.trino.long_queries()) == 1)
    printed, _ = task.communicate("\n")
    assert "dbt run was stopped" in printed
    assert containers_of_tasks() == []
    wait_until(lambda: not modelled.trino.long_queries())
