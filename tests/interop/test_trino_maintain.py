"""`maintain` beside a Trino that writes: the same rows before and after, in Trino's eyes."""

import threading

import neighbours
import oracle
from chain import Chain
from project import HISTORY, ORDERS, TRY_AGAIN_LATER

OLD = ("--set", "maintenance.max_snapshots=2", "--set", "maintenance.max_snapshot_age=1s")
ROUNDS = 3


def rows_in_trino(chain):
    """Every table's rows, as Trino reads them."""
    return {table: chain.trino.rows(f"select * from {table} order by audit_event_id")
            for table in oracle.TABLES}


def snapshots(chain, table):
    schema, name = table.split(".")
    return chain.trino.rows(f'select count(*) from {schema}."{name}$snapshots"')[0][0]


def maintain(chain, *args):
    """Runs a part of `maintain` until no other writer is in its way."""
    while True:
        process = chain.start(*OLD, "-o", "json", "maintain", *args)
        stdout, stderr = process.communicate(timeout=300)
        if process.returncode != TRY_AGAIN_LATER:
            assert process.returncode == 0, stderr
            return stdout


def test_expiry_and_orphans_change_no_row_beside_trinos_merges(tmp_path, local_stack):
    chain = Chain(tmp_path / "chain", local_stack, "maintain")
    earlier = []
    for number in range(4):
        chain.generate_and_load(f"{number}.csv", "--events", "300", "--seed", str(number), *earlier)
        chain.calve("--set", "maintenance.automatic=off", "run")
        earlier = ["--after", f"{number}.csv"]
    before = rows_in_trino(chain)
    had = {table: snapshots(chain, table) for table in before}
    failures = []

    def write():
        try:
            for number in range(ROUNDS):
                for table in (ORDERS, HISTORY):
                    neighbours.merge_by_trino(chain, table, number, ROUNDS)
        except BaseException as error:  # a thread's failure must reach the test
            failures.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    while writer.is_alive():
        for part in ("expire", "orphans"):
            maintain(chain, part)
    writer.join()
    assert not failures, failures
    maintain(chain, "expire")
    assert rows_in_trino(chain) == before
    has = {table: snapshots(chain, table) for table in before}
    # A mart keeps the snapshot that its progress rests on, and Trino's merges behind it.
    assert all(has[table] <= (1 + ROUNDS if table in (ORDERS, HISTORY) else 2)
               for table in has), (had, has)
    assert sum(has.values()) < sum(had.values())
    chain.check_proven()
    chain.check_tables()
