"""The commands of docs/trino.md, in their order, on the session's services."""

import os
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("CALVE_BINARY", ROOT / "build" / "release" / "calve"))
PAGE = ROOT / "docs" / "trino.md"

# DuckDB finds its extensions in the installed packages here; a reader installs them.
LOAD_EXTENSIONS = """import pathlib
import importlib.util
duck = duckdb.connect(config={"allow_unsigned_extensions": "true"})
for name in ("httpfs", "avro", "iceberg"):
    place = pathlib.Path(importlib.util.find_spec(f"duckdb_extension_{name}").origin).parent
    duck.load_extension(str(next(place.rglob(name + ".duckdb_extension"))))
"""


def blocks(language, addresses):
    """The page's blocks of a language as one script, with the session's addresses."""
    found = re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(encoding="utf-8"),
                       re.S | re.M)
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
def tour(tmp_path_factory, local_stack, trino, addresses):
    """The shell commands of the page, done."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "deploy").symlink_to(ROOT / "deploy")
    ports = ",".join(f"{name}=0" for name in ("postgres", "minio", "minio-console", "openbao",
                                              "trino"))
    environment = {**os.environ, "PATH": f"{BINARY.parent}:{os.environ['PATH']}",
                   "CALVE_STACK_DATA": str(local_stack.data), "CALVE_STACK_PORTS": ports}
    script = blocks("sh", addresses)
    assert script.count("\n") > 30
    return subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=folder, text=True,
                          env=environment, capture_output=True, timeout=600, check=False)


def test_the_commands_work(tour):
    assert tour.returncode == 0, tour.stdout + tour.stderr
    assert "order_id" in tour.stdout and "exit code 4" in tour.stdout
    assert "other values" in tour.stdout


def test_pyiceberg_and_duckdb_read_the_tables(tour, addresses):
    script = blocks("python", addresses)
    script, replaced = re.subn(r"^duck = duckdb\.connect\(\)\nfor .*\n    .*\n", LOAD_EXTENSIONS,
                               script, flags=re.M)
    assert replaced == 1
    done = subprocess.run([sys.executable, "-c", script], text=True, capture_output=True,
                          timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^\[\(\d{3,},\)\]$", done.stdout, re.M)
