"""The commands of docs/airflow.md, in their order, on services of their own."""

import json
import os
import subprocess

import pytest

import pages
from airflow_api import AirflowApi
from stack import LocalStack

pytestmark = pytest.mark.skipif("CALVE_TEST_STACK" in os.environ,
                                reason="the page begins with services that hold nothing")


@pytest.fixture
def own_stack():
    """Services for this page alone, which other pages' tables would disturb."""
    stack = LocalStack()
    yield stack
    stack.close()


@pytest.mark.slow
def test_the_commands_of_the_page_work(tmp_path, own_stack):
    script = pages.script("docs/airflow.md", "sh", pages.addresses(own_stack))
    assert own_stack.up("minio")["url"] in script and own_stack.up("openbao")["url"] in script
    done = pages.run(script, tmp_path, pages.environment(own_stack))
    assert done.returncode == 0, done.stdout + done.stderr
    api = AirflowApi(own_stack.up("airflow"), "audit_log_extract_with_data_intervals_dag")
    [run] = api.runs("manual")
    assert api.end_of(run["dag_run_id"]) == "success", api.states(run["dag_run_id"])
    vault = own_stack.up("openbao")
    found = subprocess.run(
        [pages.BINARY, "-c", "shop/calve.yaml", "-o", "json", "verify"], cwd=tmp_path, text=True,
        env={**os.environ, "VAULT_ADDR": vault["url"], "VAULT_TOKEN": vault["token"]},
        capture_output=True, check=False)
    assert json.loads(found.stdout)["verify"]["equal"], found.stderr
    assert json.loads(found.stdout)["verify"]["audit_rows"] > 100
