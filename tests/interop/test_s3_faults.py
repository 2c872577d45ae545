"""Object storage that fails: refusals, lost replies, cut and damaged bodies.

Whatever happens on the way, the tables end in the rows of plain SQL, nothing is lost and
nothing doubled, and fsck and verify agree.
"""

import itertools
import json

import pytest

import oracle
import readers
from fault_proxy import Fault, FaultProxy
from project import Bucket, Failed, Project

numbers = itertools.count()


@pytest.fixture
def proxy(minio):
    with FaultProxy(minio["url"]) as started:
        yield started


@pytest.fixture
def project(tmp_path, server, minio, proxy):
    """A project that reaches MinIO through the proxy."""
    name = f"faults_{next(numbers)}"
    return Project(tmp_path / "project", server.create_database(name),
                   bucket=Bucket(minio, name, url=proxy.url))


def load(project, step, events=600):
    """Loads the step's events into the source; they change the step's before."""
    after = ["--after", f"events-{step - 1}.csv"] if step else []
    project.generate_and_load(f"events-{step}.csv", "--events", str(events), "--seed",
                              str(step), *after)


def assert_whole(project, proxy, runs):
    """All tables are those of plain SQL, once the storage is well again."""
    proxy.faults.clear()
    with project.connect() as connection:
        for name, query in oracle.TABLES.items():
            columns, rows = oracle.rows(connection, query)
            found = readers.pyiceberg_rows(project.catalog().load_table(name), columns)
            assert found == rows and rows, name
    report = project.json("fsck")["fsck"]
    assert report["clean"] and report["ledger_entries"] == runs, report
    project.calve("verify")


FAULTS = {
    "refusals": lambda: [Fault("status", status=503, every=9), Fault("status", status=429, every=13),
                         Fault("status", status=500, every=17)],
    "replies lost after the server did it": lambda: [Fault("lost", method="PUT", every=3)],
    "each ledger entry's reply lost": lambda: [
        Fault("lost", method="PUT", path="_calve/", every=2)],
    "bodies cut": lambda: [Fault("cut", method="GET", every=3)],
    "bits flipped": lambda: [Fault("corrupt", method="GET", path=r"^[^?]*$", every=3)],
    "all of it": lambda: [Fault("status", every=13), Fault("lost", method="PUT", every=5),
                          Fault("cut", method="GET", every=6),
                          Fault("corrupt", method="GET", path=r"^[^?]*$", every=7),
                          Fault("delay", seconds=0.05, every=17)],
}


@pytest.mark.parametrize("name", FAULTS)
def test_runs_end_right_whatever_happens_on_the_way(project, proxy, name):
    proxy.faults.extend(FAULTS[name]())
    faults = list(proxy.faults)
    for step in range(2):
        load(project, step)
        project.calve("run")
    assert all(fault.acted > 1 for fault in faults), name
    assert_whole(project, proxy, runs=2)


def test_a_run_that_gives_up_is_repeated_without_loss(project, proxy):
    load(project, 0)
    project.calve("run")
    load(project, 1)
    for path in ("/raw/", "/warehouse/marts/orders_history"):
        proxy.faults[:] = [Fault("status", method="PUT", path=path)]
        with pytest.raises(Failed) as failed:
            project.calve("run")
        assert failed.value.code == 75 and "gave up after" in failed.value.stderr
    proxy.faults.clear()
    project.calve("run")
    assert_whole(project, proxy, runs=2)


@pytest.mark.parametrize(("kind", "table"), [("corrupt", "landing"), ("cut", "staging"),
                                             ("corrupt", "marts")])
def test_no_row_comes_of_a_file_that_stays_damaged(project, proxy, kind, table):
    load(project, 0)
    project.calve("run")
    load(project, 1)
    proxy.faults.append(Fault(kind, method="GET", path=f"/warehouse/{table}/.*parquet"))
    with pytest.raises(Failed) as failed:
        project.calve("run")
        project.calve("verify")
    assert "parquet" in failed.value.stderr + failed.value.stdout
    proxy.faults.clear()
    project.calve("run")
    assert_whole(project, proxy, runs=2)


def test_large_files_survive_faults_of_every_step_of_an_upload(project, proxy):
    """A landing file in parts: starts, parts and completions fail, bodies are damaged."""
    proxy.faults += [
        Fault("lost", method="POST", path=r"\?uploads=", times=1),
        Fault("lost", method="PUT", path="partNumber=1", times=1),
        Fault("status", method="PUT", path="partNumber=2", times=1),
        Fault("unsaid", method="POST", path=r"\?uploadId=", times=1),
        Fault("lost", method="POST", path=r"\?uploadId=", times=1),
        Fault("corrupt", method="GET", path=r"raw/.*csv$", times=1),
        Fault("corrupt", method="GET", path=r"raw/.*partNumber=2", times=2),
        Fault("cut", method="GET", path=r"raw/.*partNumber=2", times=1)]
    faults = list(proxy.faults)
    load(project, 0, events=40_000)
    project.calve("run")
    assert [fault.acted for fault in faults] == [fault.times for fault in faults]
    assert_whole(project, proxy, runs=1)


def test_a_lost_reply_at_the_ledger_is_no_lost_race(project, proxy):
    """The entry is ours: its files are taken, not extracted a second time."""
    load(project, 0)
    fault = Fault("lost", method="PUT", path="_calve/extractions", times=1)
    proxy.faults.append(fault)
    extracted = json.loads(project.calve("extract").splitlines()[-1])
    assert fault.acted == 1 and extracted["count"] == 1
    puts = [path for method, path in proxy.requests
            if method == "PUT" and path.endswith(".csv")]
    assert len(puts) == 1
    assert json.loads(project.calve("extract").splitlines()[-1])["count"] == 0
