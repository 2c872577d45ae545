"""The commands of docs/trino.md, and then of docs/dbt.md, on the session's services."""

import os
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("CALVE_BINARY", ROOT / "build" / "release" / "calve"))

# DuckDB finds its extensions in the installed packages here; a reader installs them.
LOAD_EXTENSIONS = """import pathlib
import importlib.util
duck = duckdb.connect(config={"allow_unsigned_extensions": "true"})
for name in ("httpfs", "avro", "iceberg"):
    place = pathlib.Path(importlib.util.find_spec(f"duckdb_extension_{name}").origin).parent
    duck.load_extension(str(next(place.rglob(name + ".duckdb_extension"))))
"""


def blocks(page, language, addresses):
    """A page's blocks of a language as one script, with the session's addresses."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    found = re.findall(rf"^```{language}\n(.*?)^```", text, re.S | re.M)
    text = "".join(found)
    for port, address in addresses.items():
        text = text.replace(f"127.0.0.1:{port}", address)
    return text


@pytest.fixture(scope="module")
def addresses(local_stack):
    """Default port -> where the session's service is."""
    return {port: local_stack.up(name)["url"].split("//")[1]
            for port, name in {5432: "postgres", 9000: "minio"}.items()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the pages' commands run."""
    return tmp_path_factory.mktemp("page")


@pytest.fixture(scope="module")
def tour(folder, local_stack, trino, addresses):
    """The shell commands of the Trino page, done."""
    (folder / "deploy").symlink_to(ROOT / "deploy")
    ports = ",".join(f"{name}=0" for name in ("postgres", "minio", "minio-console", "openbao",
                                              "trino"))
    environment = {**os.environ, "PATH": f"{BINARY.parent}:{os.environ['PATH']}",
                   "CALVE_STACK_DATA": str(local_stack.data), "CALVE_STACK_PORTS": ports}
    script = blocks("trino.md", "sh", addresses)
    assert script.count("\n") > 30
    return subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=folder, text=True,
                          env=environment, capture_output=True, timeout=600, check=False)


def test_the_commands_work(tour):
    assert tour.returncode == 0, tour.stdout + tour.stderr
    assert "order_id" in tour.stdout and "exit code 4" in tour.stdout
    assert "other values" in tour.stdout


def test_pyiceberg_and_duckdb_read_the_tables(tour, addresses):
    script = blocks("trino.md", "python", addresses)
    script, replaced = re.subn(r"^duck = duckdb\.connect\(\)\nfor .*\n    .*\n", LOAD_EXTENSIONS,
                               script, flags=re.M)
    assert replaced == 1
    done = subprocess.run([sys.executable, "-c", script], text=True, capture_output=True,
                          timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^\[\(\d{3,},\)\]$", done.stdout, re.M)


def test_the_commands_of_the_dbt_page_work(tour, folder, trino):
    environment = {**os.environ, "TRINO_PORT": trino["url"].rsplit(":", 1)[1],
                   "DBT_TARGET": "dev", "DBT_SCHEMA": "page", "NO_COLOR": "1",
                   "PATH": f"{ROOT}/.venv/environments/dbt/bin:{os.environ['PATH']}"}
    script = "cd shop\n" + blocks("dbt.md", "sh", {})
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=folder, text=True,
                          env=environment, capture_output=True, timeout=600, check=False)
    assert tour.returncode == 0 and done.returncode == 0, done.stdout
    assert done.stdout.count("nothing new") == 4
    assert "PASS freshness of landing.ecomm_audit_log_dml" in done.stdout
    assert (folder / "shop/dbt_dwh/target/catalog.json").exists()
