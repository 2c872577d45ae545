"""A run that is killed at any moment and started again ends in the right tables."""

import random
import subprocess

import pytest

import oracle
import readers
from project import Project


@pytest.mark.parametrize("seed", range(3))
def test_a_killed_run_is_repeated_without_loss_or_doubling(tmp_path, server, seed):
    chance = random.Random(seed)
    project = Project(tmp_path / "project", server.create_database(f"crashes_{seed}"))
    previous = []
    for step in range(3):
        name = f"events-{step}.csv"
        project.generate_and_load(name, "--events", "5000", "--seed", str(step), *previous)
        previous = ["--after", name]
        for _ in range(4):
            # Small batches and files, so that a kill falls between commits too.
            process = project.start("run", "--set", "limits.batch_bytes=300KiB", "--set",
                                    "limits.rows_per_file=1500")
            try:
                process.communicate(timeout=chance.uniform(0.02, 0.6))
            except subprocess.TimeoutExpired:  # still at work: that is the moment
                process.kill()
                process.communicate()
    project.calve("run")
    with project.connect() as connection:
        for name, query in oracle.TABLES.items():
            columns, rows = oracle.rows(connection, query)
            assert readers.pyiceberg_rows(project.catalog().load_table(name), columns) == rows
