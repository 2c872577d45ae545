"""What a machine or a service does to a run: each ends in the right tables or in one clear
sentence, and the next run repairs it."""

import itertools
import signal
import sqlite3
import subprocess
import time

import pytest

import oracle
import readers
from project import BINARY, Failed, Project

FAILED, TRY_AGAIN, INTERRUPTED = 1, 75, 130


NUMBERS = itertools.count()


@pytest.fixture
def project(tmp_path, server):
    made = Project(tmp_path / "project", server.create_database(f"operations_{next(NUMBERS)}"))
    made.generate_and_load("events.csv", "--events", "3000", "--seed", "3")
    return made


def assert_equal_to_plain_sql(project):
    with project.connect() as connection:
        for name, query in oracle.TABLES.items():
            columns, rows = oracle.rows(connection, query)
            assert readers.pyiceberg_rows(project.catalog().load_table(name), columns) == rows


def the_sentence(failed):
    """The one line that a failure prints."""
    lines = [line for line in failed.stderr.splitlines() if line.startswith("calve: ")]
    assert len(lines) == 1, failed.stderr
    return lines[0]


def mount(*args):
    """Mounts; skips the test on a machine that does not allow it."""
    done = subprocess.run(["mount", *map(str, args)], text=True, capture_output=True)
    if done.returncode != 0:
        pytest.skip(f"no mounting here: {done.stderr.strip()}")


def wait_until(condition, process):
    while not condition():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_run_between_two_steps_and_the_same_command_goes_on(project, sent):
    process = project.start("run", "--set", "limits.rows_per_file=100")
    wait_until((project.folder / "catalog.db").exists, process)
    process.send_signal(sent)
    _, said = process.communicate(timeout=60)
    assert process.returncode in (0, INTERRUPTED), said
    project.calve("run")
    assert_equal_to_plain_sql(project)


def test_following_ends_well_on_sigterm(project):
    process = project.start("run", "--every", "50ms")
    wait_until(lambda: list(project.folder.glob("warehouse/marts/orders/metadata/*.json")),
               process)
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0 and "rounds" in said
    assert_equal_to_plain_sql(project)


def test_two_runs_at_once_do_the_work_once(project):
    pair = [project.start("run", "--set", "limits.rows_per_file=500") for _ in range(2)]
    for process in pair:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
    assert_equal_to_plain_sql(project)


def test_a_catalog_that_another_process_locks_is_named_and_waited_for(project):
    project.calve("run")
    project.generate_and_load("more.csv", "--events", "100", "--seed", "4",
                              "--after", "events.csv")
    holder = sqlite3.connect(project.folder / "catalog.db", isolation_level=None)
    holder.execute("begin exclusive")
    process = project.start("run")
    time.sleep(1)
    holder.execute("rollback")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert_equal_to_plain_sql(project)


def test_a_full_disk_is_named_and_the_next_run_goes_on(project):
    project.generate_and_load("more.csv", "--events", "20000", "--seed", "5",
                              "--after", "events.csv")
    lake = project.folder / "lake"
    warehouse = project.folder / "warehouse"
    for folder, size in ((lake, "64m"), (warehouse, "1m")):
        folder.mkdir(exist_ok=True)
        mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder)
    try:
        with pytest.raises(Failed) as full:
            project.calve("run")
        assert full.value.code == TRY_AGAIN
        assert "No space left on device" in the_sentence(full.value)
        assert not list(warehouse.rglob(".*.tmp"))
        mount("-o", "remount,size=64m", warehouse)
        project.calve("run")
        assert_equal_to_plain_sql(project)
    finally:
        for folder in (lake, warehouse):
            subprocess.run(["umount", folder], check=True)


def test_a_read_only_warehouse_is_named_and_the_next_run_goes_on(project):
    project.calve("run")
    project.generate_and_load("more.csv", "--events", "100", "--seed", "6",
                              "--after", "events.csv")
    warehouse = project.folder / "warehouse"
    mount("--bind", warehouse, warehouse)
    try:
        mount("-o", "remount,bind,ro", warehouse)
        with pytest.raises(Failed) as refused:
            project.calve("run")
        assert refused.value.code in (FAILED, TRY_AGAIN)
        assert "Read-only file system" in the_sentence(refused.value)
    finally:
        subprocess.run(["umount", warehouse], check=True)
    project.calve("run")
    assert_equal_to_plain_sql(project)


def test_few_file_descriptors_suffice(project):
    done = subprocess.run(["prlimit", "--nofile=64", str(BINARY), "run"], cwd=project.folder,
                          text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert_equal_to_plain_sql(project)


@pytest.mark.parametrize("what", ["catalog.db", "landing file", "metadata file"])
def test_garbage_in_place_of_a_file_is_named_with_its_path(project, what):
    project.calve("run")
    project.generate_and_load("more.csv", "--events", "100", "--seed", "7",
                              "--after", "events.csv")
    if what == "landing file":
        key = project.json("extract")["extracted_files"][-1]
        victim = project.folder / "lake" / key
    elif what == "catalog.db":
        victim = project.folder / "catalog.db"
        for side in project.folder.glob("catalog.db-*"):
            side.unlink()
    else:
        location = project.catalog().load_table("marts.orders").metadata_location
        victim = type(project.folder)(location.removeprefix("file://"))
    victim.write_bytes(b"\x00garbage\xff" * 100)
    with pytest.raises(Failed) as named:
        project.calve("run")
    assert named.value.code == FAILED
    assert victim.name in the_sentence(named.value)
