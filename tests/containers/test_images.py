"""Our images, built by podman, on the local stack's services."""

import subprocess

import pytest

import podman
from drop_in import COLUMNS, LANDING_TABLE, DropIn
from trino_sql import create_catalog

NAMES = ("calve", "audit-log-extractor", "iceberg-ingestor", "data-generator")
MOST_MEGABYTES = 250  # Debian's slim base is a third of it, Arrow another.

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("images")]


def test_extractor_ingestor_and_generator_land_every_row_once(local_stack):
    containers = DropIn(local_stack, podman.run_image)
    containers.put_secrets()
    done = containers.run("data-generator", "--num-records", "100",
                          **containers.postgres_variables())
    assert done.returncode == 0, done.stderr
    rows = containers.source_rows()
    keys = containers.extract("--batch-size", "100")
    assert sum(containers.ingest(key) for key in keys) == len(rows) > 100
    assert [containers.ingest(key) for key in keys] == [0] * len(keys)
    assert containers.landed_rows() == rows
    trino = create_catalog(local_stack.up("trino"), containers.name,
                           containers.catalog.rsplit("/", 1)[1], containers.warehouse)
    assert sorted(trino.rows(f"select {', '.join(COLUMNS)} from {LANDING_TABLE}")) == rows


@pytest.mark.parametrize("name", NAMES)
def test_an_image_runs_confined_and_holds_nothing_to_build_with(name):
    shell = ["--entrypoint", "/bin/sh"]
    done = podman.run_image(name, ["-c", "id -u; grep CapEff /proc/self/status; touch /x; "
                                         "touch /tmp/x && echo written; "
                                         "command -v gcc g++ cc pip python3 git"], options=shell)
    assert done.stdout.split() == ["10001", "CapEff:", "0000000000000000", "written"]
    assert "Read-only file system" in done.stderr
    assert podman.run_image(name, ["--help"]).returncode == 0
    size = subprocess.run(["podman", "image", "inspect", "--format", "{{.Size}}",
                           f"localhost/{name}:{podman.TAG}"], text=True, check=True,
                          capture_output=True)
    assert int(size.stdout) < MOST_MEGABYTES * 1_000_000
