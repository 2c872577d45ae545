"""Airflow's operators with `image=`: the steps run in containers, by podman."""

import json
import os
import subprocess

import pytest

import podman
from drop_in import ROOT, DropIn

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
KILLED = f"""
import pathlib, sys, threading, time
from airflow_provider_calve.hook import CalveHook

hook = CalveHook(image="localhost/calve:{podman.TAG}")
words = ["-c", "trap 'exit 7' TERM; touch $0/runs; sleep 600 & wait", sys.argv[1]]
task = threading.Thread(target=hook.run_program, args=("sh", words, sys.argv[1]))
task.start()
while not pathlib.Path(sys.argv[1], "runs").exists():
    time.sleep(0.1)
hook.stop()
task.join()
print(hook.returncode)
"""


@pytest.mark.slow
def test_a_killed_task_ends_its_container(images, tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o777)
    shared.chmod(0o777)
    printed = run_in_airflow(KILLED, shared, home=tmp_path, connection={
        "extra": {"container_engine": "podman"}})
    assert printed.splitlines()[-1] == "7", printed
    left = subprocess.run(["podman", "ps", "--filter", "name=calve-task-", "--quiet"], text=True,
                          env={**os.environ, **podman.SETTINGS}, capture_output=True, check=True)
    assert left.stdout == ""


def run_in_airflow(program, *arguments, home, connection):
    """Runs a Python program in Airflow's environment with a connection; returns its output."""
    done = subprocess.run(
        [AIRFLOW_PYTHON, "-c", program, *map(str, arguments)], text=True, capture_output=True,
        check=False, env={
            **os.environ, **podman.SETTINGS, "AIRFLOW_HOME": str(home),
            "PYTHONPATH": str(ROOT / "airflow" / "src"),
            "AIRFLOW_CONN_CALVE_DEFAULT": json.dumps({"conn_type": "calve", **connection})})
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_tasks_with_an_image_land_every_row_once(images, local_stack, tmp_path):
    containers = DropIn(local_stack, podman.run_image)
    containers.put_secrets()
    done = containers.run("data-generator", "--num-records", "100",
                          **containers.postgres_variables())
    assert done.returncode == 0, done.stderr
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
