"""The commands of docs/trino.md, and then of docs/dbt.md, on the session's services."""

import re
import subprocess
import sys

import pytest

import pages

# DuckDB finds its extensions in the installed packages here; a reader installs them.
LOAD_EXTENSIONS = """import pathlib
import importlib.util
duck = duckdb.connect(config={"allow_unsigned_extensions": "true"})
for name in ("httpfs", "avro", "iceberg"):
    place = pathlib.Path(importlib.util.find_spec(f"duckdb_extension_{name}").origin).parent
    duck.load_extension(str(next(place.rglob(name + ".duckdb_extension"))))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the pages' commands run."""
    return tmp_path_factory.mktemp("page")


@pytest.fixture(scope="module")
def addresses(local_stack):
    return pages.addresses(local_stack)


@pytest.fixture(scope="module")
def tour(folder, local_stack, trino, addresses):
    """The shell commands of the Trino page, done."""
    pages.clear(local_stack)
    script = pages.script("docs/trino.md", "sh", addresses)
    assert script.count("\n") > 30
    return pages.run(script, folder, pages.environment(local_stack))


def test_the_commands_work(tour):
    assert tour.returncode == 0, tour.stdout + tour.stderr
    assert "order_id" in tour.stdout and "exit code 4" in tour.stdout
    assert "other values" in tour.stdout


def test_pyiceberg_and_duckdb_read_the_tables(tour, addresses):
    script = pages.script("docs/trino.md", "python", addresses)
    script, replaced = re.subn(r"^duck = duckdb\.connect\(\)\nfor .*\n    .*\n", LOAD_EXTENSIONS,
                               script, flags=re.M)
    assert replaced == 1
    done = subprocess.run([sys.executable, "-c", script], text=True, capture_output=True,
                          timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^\[\(\d{3,},\)\]$", done.stdout, re.M)


def test_the_commands_of_the_dbt_page_work(tour, folder, local_stack, trino):
    variables = pages.environment(local_stack, TRINO_PORT=trino["url"].rsplit(":", 1)[1],
                                  DBT_TARGET="dev", DBT_SCHEMA="page")
    done = pages.run("cd shop\n" + pages.script("docs/dbt.md", "sh", {}), folder, variables)
    assert tour.returncode == 0 and done.returncode == 0, done.stdout
    assert done.stdout.count("nothing new") == 4
    assert "PASS freshness of landing.ecomm_audit_log_dml" in done.stdout
    assert (folder / "shop/dbt_dwh/target/catalog.json").exists()
