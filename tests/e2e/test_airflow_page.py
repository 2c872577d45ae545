"""The commands of docs/airflow.md, in their order, on services of their own."""

import json
import os
import pathlib
import re
import subprocess

import pytest

from airflow_api import AirflowApi
from stack import LocalStack

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("CALVE_BINARY", ROOT / "build" / "release" / "calve"))
PAGE = ROOT / "docs" / "airflow.md"
DEFAULT_PORTS = {5432: "postgres", 9000: "minio", 8200: "openbao"}

pytestmark = pytest.mark.skipif("CALVE_TEST_STACK" in os.environ,
                                reason="the page begins with services that hold nothing")


@pytest.fixture
def own_stack():
    """Services for this page alone, which other pages' tables would disturb."""
    stack = LocalStack()
    yield stack
    stack.close()


def script(stack):
    """The page's shell blocks, with this stack's addresses."""
    text = "".join(re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(encoding="utf-8"),
                              re.S | re.M))
    for port, name in DEFAULT_PORTS.items():
        written, real = f"127.0.0.1:{port}", stack.up(name)["url"].split("//")[1]
        assert written in text or name == "postgres", name
        text = text.replace(written, real)
        text = text.replace(f'"port": "{port}"', f'"port": "{real.split(":")[1]}"')
    return text


@pytest.mark.slow
def test_the_commands_of_the_page_work(tmp_path, own_stack):
    (tmp_path / "deploy").symlink_to(ROOT / "deploy")
    environment = {**os.environ, "PATH": f"{BINARY.parent}:{os.environ['PATH']}",
                   "CALVE_STACK_DATA": str(own_stack.data), "CALVE_STACK_PORTS": ",".join(
                       f"{name}=0" for name in ("postgres", "minio", "minio-console", "openbao",
                                                "trino", "airflow"))}
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script(own_stack)], cwd=tmp_path,
                          text=True, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    api = AirflowApi(own_stack.up("airflow"), "audit_log_extract_with_data_intervals_dag")
    [run] = api.runs("manual")
    assert api.end_of(run["dag_run_id"]) == "success", api.states(run["dag_run_id"])
    vault = own_stack.up("openbao")
    found = subprocess.run(
        [BINARY, "-c", "shop/calve.yaml", "-o", "json", "verify"], cwd=tmp_path, text=True,
        env={**os.environ, "VAULT_ADDR": vault["url"], "VAULT_TOKEN": vault["token"]},
        capture_output=True, check=False)
    assert json.loads(found.stdout)["verify"]["equal"], found.stderr
    assert json.loads(found.stdout)["verify"]["audit_rows"] > 100
