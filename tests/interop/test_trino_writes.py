"""Other engines write into the same tables, between Calve's commits and during them. What they
do changes no row, so every table must go on to hold what plain SQL says."""

import json
import threading

import pytest

import neighbours
import oracle
from chain import Chain
from project import FOUND_SOMETHING, LANDING, TRY_AGAIN_LATER

ROUNDS = 3


@pytest.fixture
def chain(tmp_path, local_stack, request):
    """A chain of two runs."""
    chain = Chain(tmp_path / "chain", local_stack, request.node.name)
    chain.run_twice(2000, 1000)
    return chain


def check(chain):
    """A run consumes what waits; then everything is proven and equal. Landing may hold an event
    that another engine inserted as often as it was inserted."""
    chain.calve("run")
    chain.check_proven()
    check_line_of_snapshots(chain)
    chain.check_tables([table for table in oracle.TABLES if table != LANDING])
    columns, rows = chain.expected(LANDING)
    assert chain.trino.rows(f"select distinct {', '.join(columns)} from {LANDING}"
                            " order by audit_event_id") == rows


def check_line_of_snapshots(chain):
    """Each snapshot that is left follows the one before it: nobody's commit passed over
    another's."""
    for table in oracle.TABLES:
        snapshots = sorted(chain.catalog().load_table(table).snapshots(),
                           key=lambda snapshot: snapshot.sequence_number)
        assert [snapshot.parent_snapshot_id for snapshot in snapshots[1:]] == [
            snapshot.snapshot_id for snapshot in snapshots[:-1]], table


def change(chain, number):
    """More events at the source that change earlier orders."""
    chain.generate_and_load(f"more-{number}.csv", "--events", "300", "--seed", str(10 + number),
                            "--after", "a.csv", "b.csv",
                            *[f"more-{earlier}.csv" for earlier in range(number)])


OPERATIONS = {
    "insert by Trino": lambda chain: neighbours.insert_by_trino(chain, 3),
    "insert by PyIceberg": lambda chain: neighbours.insert_by_pyiceberg(chain, 3),
    **{f"{name} on {table}": (lambda chain, act=act, table=table: act(chain, table))
       for table in neighbours.KEYS for name, act in {
           "MERGE by Trino": lambda c, t: neighbours.merge_by_trino(c, t, 0, 3),
           "DELETE and INSERT by Trino":
               lambda c, t: neighbours.delete_and_insert_by_trino(c, t, 1, 3),
           "DELETE of a copy by Trino": neighbours.delete_a_copy_by_trino,
           "overwrite by PyIceberg": neighbours.overwrite_by_pyiceberg,
           "DELETE and append by PyIceberg":
               lambda c, t: neighbours.delete_and_append_by_pyiceberg(c, t, 2, 3),
       }.items()},
    **{f"{name} on {table}": (lambda chain, act=act, table=table: act(chain, table))
       for table in oracle.TABLES for name, act in {
           "optimize by Trino": neighbours.optimize_by_trino,
           "expire_snapshots by Trino": neighbours.expire_by_trino,
       }.items()},
}


def test_what_others_do_between_our_commits_is_taken_in(chain):
    """One operation after the other on the same tables, each followed by a run over new
    events."""
    for number, (name, act) in enumerate(OPERATIONS.items()):
        act(chain)
        if number % 4 == 0:
            change(chain, number // 4)
        chain.calve("run")
        assert chain.json("verify")["verify"]["equal"], name
        assert chain.json("fsck")["fsck"]["clean"], name
    check(chain)


def is_undamaged(code, stdout):
    """Whether fsck told of no damage. That others expired what a model had yet to read is none."""
    return code in (0, TRY_AGAIN_LATER) or code == FOUND_SOMETHING and all(
        finding["finding"].startswith("marker_") for finding in json.loads(stdout)["findings"])


def test_what_others_do_during_our_commits_is_taken_in(chain):
    """Two processes run and run and a third one checks, while five threads of others write into
    all tables, merge their files and expire every snapshot but the current one."""
    stop = threading.Event()
    failures = []

    def guarded(act):
        def run():
            try:
                act()
            except BaseException as error:  # a thread's failure must reach the test
                failures.append(error)
        return threading.Thread(target=run)

    def rounds_of(writer):
        return lambda: [writer(number) for number in range(ROUNDS)]

    def finish(*args):
        process = chain.start("-o", "json", *args)
        stdout, stderr = process.communicate(timeout=300)
        return process.returncode, stdout, stderr

    def run_and_run():
        while not stop.is_set():
            code, _, stderr = finish("run")
            assert code in (0, TRY_AGAIN_LATER), stderr

    def check_and_check():
        while not stop.is_set():
            code, stdout, stderr = finish("fsck")
            assert is_undamaged(code, stdout), stdout + stderr

    def on_all(act):
        return lambda number: [act(chain, table) for table in neighbours.KEYS]

    writers = [
        lambda number: change(chain, number),
        lambda number: (neighbours.insert_by_trino(chain, number + 1),
                        neighbours.insert_by_pyiceberg(chain, number + 1)),
        lambda number: on_all(lambda c, t: neighbours.merge_by_trino(c, t, number % 3, 3))(number),
        on_all(lambda c, t: neighbours.delete_and_append_by_pyiceberg(c, t, 0, 7)),
        lambda number: [act(chain, table) for table in oracle.TABLES for act in (
            neighbours.optimize_by_trino,
            neighbours.expire_by_trino)],
    ]
    runners = [guarded(act) for act in (run_and_run, run_and_run, check_and_check)]
    others = [guarded(rounds_of(writer)) for writer in writers]
    for thread in runners + others:
        thread.start()
    for thread in others:
        thread.join()
    stop.set()
    for thread in runners:
        thread.join()
    assert not failures, failures
    check(chain)
