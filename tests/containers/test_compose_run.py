"""The compose file's own services, as it says them, over the local stack's services."""

import json
import subprocess
import sys
import time

import pytest

import pages
from podman import ROOT, compose_stack

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("images")]

LANDED = "select count(*), count(distinct audit_event_id) from landing.ecomm_audit_log_dml"


@pytest.fixture(scope="module")
def stack():
    """The stack, its logins in the vault, the audit table in the source."""
    with compose_stack(["postgres", "minio", "openbao", "trino"]) as made:
        made.run("vault-init")
        made.run("ecommerce-db-init")
        # What trino-init does; its image is Trino's own.
        made.local("deploy/local/trino", "--data", made.data, "--file", "deploy/trino/schemas.sql")
        yield made


@pytest.fixture(scope="module")
def prebuilt(tmp_path_factory):
    """BUILD_FLAGS that take the program from build/release."""
    folder = tmp_path_factory.mktemp("build")
    subprocess.run(["cmake", "--install", ROOT / "build" / "release", "--prefix",
                    folder / "out/usr/local", "--strip"], check=True, capture_output=True)
    return f"--build-context build={folder}"


def test_every_login_is_where_the_configuration_looks(stack):
    named = {use["key"] for use in json.loads(stack.run("calve", "-o", "json", "secrets", "ls"))}
    assert named == {"source.postgres.secret", "landing.secret", "catalog.secret", "trino.secret"}
    stack.run("calve", "secrets", "check")  # exits with 4 if one of them can't be read


def test_the_follower_keeps_the_marts_up_and_stops_when_told(stack):
    stack.run("data-generator", "--num-records", "10", "--seed", "5")
    stack.compose("up", "--detach", "--no-deps", "calve")
    for _ in range(120):
        shown = json.loads(stack.run("calve", "-o", "json", "status"))
        waiting = [table["rows_waiting"] for table in shown["tables"]]
        if shown["pipeline"]["source_rows_waiting"] == 0 and not any(waiting):
            break
        time.sleep(1)
    stack.run("calve", "verify")
    assert int(stack.sql("select count(*) from marts.orders")[0]) > 0
    stack.compose("stop", "calve")
    assert stack.local("podman", "inspect", "--format", "{{.State.ExitCode}}", "calve") == "0\n"


def test_airflows_containers_run_the_dag_with_either_engine(stack):
    stack.run("data-generator", "--num-records", "50", "--seed", "8")
    stack.run("airflow-init")
    stack.compose("up", "--detach", "--no-deps", "airflow-apiserver", "airflow-scheduler",
                  "airflow-dag-processor")
    found = json.loads(stack.local(sys.executable, "tests/containers/dag_run.py"))
    stack.compose("stop", "airflow-apiserver", "airflow-scheduler", "airflow-dag-processor")
    assert found["import errors"] == []
    assert found["scheduled"] == {
        "extract": "success", "ingest": ["success"], "choose_engine": "success",
        "transform_native": "success", "transform_dbt": "skipped", "verify": "success"}
    states = found["by hand"]
    assert (states["extract"], states["transform_dbt"], states["verify"]) == ("success",) * 3
    assert states["transform_native"] == "skipped"
    assert int(stack.sql("select count(*) from marts.orders")[0]) > 0


def test_the_pages_commands_carry_orders_from_the_generator_to_the_marts(stack, prebuilt):
    start, _, load, steps, reset = pages.blocks("docs/containers.md")
    assert "make up" in start and "make generate-data" in load and "truncate" in reset
    stack.script(load, BUILD_FLAGS=prebuilt)
    said = stack.script(steps)
    assert "marts.orders_history_scd2" in said
    [[rows, distinct]] = [line.split(",") for line in stack.sql(LANDED)]
    orders, versions = (int(stack.sql(f"select count(*) from marts.{name}")[0])
                        for name in ("orders", "orders_history_scd2"))
    assert rows == distinct and 0 < orders <= 100 < versions <= int(rows)
    stack.script(reset)
    assert stack.sql("show tables from marts") == []
    status = json.loads(stack.run("calve", "-o", "json", "status"))
    assert status["pipeline"]["source_rows_waiting"] == 0
