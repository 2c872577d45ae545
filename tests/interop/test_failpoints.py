"""Killed, or failed, at every single step that a run takes, it is repeated without loss.

A clean run writes down each step that touches something durable (io/failpoint.h); then
each of them is where a run dies, in a project of its own, and the next run must end in the
tables of plain SQL, with nothing doubled.
"""

import os
import pathlib
import shutil
import subprocess

import pytest

import oracle
import readers
from project import BINARY, Project

# What a repeat could double or lose shows in these.
TABLES = ["landing.ecomm_audit_log_dml", "marts.orders", "marts.orders_history_scd2"]
# Small files and batches, so that one run has several of each.
LIMITS = ["--set", "limits.batch_bytes=60KiB", "--set", "limits.rows_per_file=250"]
KILLED = -9
TRY_AGAIN = 75


class Scene:
    """A project that has run once, with a second lot of events waiting at the source."""

    def __init__(self, folder, dsn):
        self.project = Project(folder, dsn)
        self.project.generate_and_load("first.csv", "--events", "300", "--seed", "1")
        self.project.calve("run", *LIMITS)
        self.project.generate_and_load("second.csv", "--events", "400", "--seed", "2",
                                       "--after", "first.csv")
        self._kept = self.project.folder.with_name("kept")
        shutil.copytree(self.project.folder, self._kept)

    def rewind(self):
        """Puts the folder back to how it was before the second run."""
        shutil.rmtree(self.project.folder)
        shutil.copytree(self._kept, self.project.folder)

    def run(self, **environment):
        """Runs; returns the exit code and what it said on standard error."""
        done = subprocess.run(
            [str(BINARY), "-c", "calve.yaml", "run", *LIMITS], cwd=self.project.folder,
            env={**os.environ, **environment}, text=True, capture_output=True, timeout=120)
        return done.returncode, done.stderr

    def steps(self):
        """The steps of a clean run, in order, each `<name> <what it touches>`."""
        log = self.project.folder / "steps.log"
        code, said = self.run(CALVE_FAILPOINT_LOG=str(log))
        assert code == 0, said
        return log.read_text().splitlines()

    def assert_equal_to_plain_sql(self, expected):
        catalog = self.project.catalog()
        for name, (columns, rows) in expected.items():
            assert readers.pyiceberg_rows(catalog.load_table(name), columns) == rows, name

    def assert_repeated_well(self, expected, at):
        code, said = self.run()
        assert code == 0, f"the run after {at}: {said}"
        self.assert_equal_to_plain_sql(expected)

    def assert_whole(self, at):
        """Files, counts, pointers and progress agree, and the tables with the source."""
        for proof in ("fsck", "verify"):
            done = subprocess.run([str(BINARY), "-c", "calve.yaml", proof], text=True,
                                  cwd=self.project.folder, capture_output=True, timeout=120)
            assert done.returncode == 0, f"{proof} after {at}: {done.stdout}{done.stderr}"


@pytest.fixture(scope="module")
def scene(tmp_path_factory, server):
    folder = tmp_path_factory.mktemp("failpoints") / "project"
    return Scene(pathlib.Path(folder), server.create_database("failpoints"))


@pytest.fixture(scope="module")
def expected(scene):
    with scene.project.connect() as connection:
        return {name: oracle.rows(connection, oracle.TABLES[name]) for name in TABLES}


def kind(step):
    """What a step does to what sort of file: those of one kind leave alike traces."""
    name, touched = step.split(" ", 1)
    path = pathlib.PurePath(touched)
    return name, path.parent.name, path.suffix


def one_of_each(steps):
    """The places, from 1, of the first and the last step of each kind."""
    places = {}
    for at, step in enumerate(steps, start=1):
        places.setdefault(kind(step), []).append(at)
    return sorted({at for taken in places.values() for at in (taken[0], taken[-1])})


def test_the_steps_of_a_run_cover_every_kind_of_durable_write(scene):
    steps = scene.steps()
    touched = "\n".join(steps)
    for name in ("store.sync", "store.publish", "store.published", "catalog.commit",
                 "catalog.committed", "extract.copied", "extract.durable"):
        assert f"{name} " in touched
    for kind in (".csv", "/_calve/extractions/", "/_calve/files/", ".parquet",
                 ".metadata.json", "/snap-", "-m0.avro"):
        assert kind in touched


def test_a_run_killed_at_any_step_is_repeated_without_loss_or_doubling(scene, expected):
    scene.rewind()
    steps = scene.steps()
    # Before a file is synced it has a temporary name only: one of each kind shows that.
    places = {at for at, step in enumerate(steps, start=1) if "store.sync " not in step}
    assert len(places) > 100
    kinds = one_of_each(steps)
    for at in sorted(places.union(kinds)):
        scene.rewind()
        code, said = scene.run(CALVE_FAILPOINT=f"kill@{at}")
        assert code == KILLED, f"step {at}: {said}"
        scene.assert_repeated_well(expected, f"a kill at step {at}")
        if at in kinds:
            scene.assert_whole(f"a kill at step {at}")


def test_a_run_killed_twice_is_repeated_all_the_same(scene, expected):
    scene.rewind()
    count = len(scene.steps())
    for at in range(3, count, 17):
        scene.rewind()
        assert scene.run(CALVE_FAILPOINT=f"kill@{at}")[0] == KILLED
        scene.run(CALVE_FAILPOINT=f"kill@{at // 2}")
        scene.assert_repeated_well(expected, f"kills at {at} and {at // 2}")


def test_a_step_that_fails_ends_the_run_with_one_sentence_and_the_next_one_goes_on(
        scene, expected):
    scene.rewind()
    for at in one_of_each(scene.steps()):
        scene.rewind()
        code, said = scene.run(CALVE_FAILPOINT=f"error@{at}")
        assert code in (0, TRY_AGAIN), f"step {at}: {said}"
        if code:
            last = said.strip().splitlines()[-1]
            assert "failpoint" in last and "Traceback" not in said
        leftovers = [path for path in scene.project.folder.rglob(".*.tmp")]
        assert not leftovers, f"step {at} left {leftovers}"
        scene.assert_repeated_well(expected, f"a failure at step {at}")
