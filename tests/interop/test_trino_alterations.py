"""Changes by other engines that do matter: each is noticed, and named by the command that a user
would ask."""

import json

import pytest

import neighbours
from chain import Chain
from project import FLATTENED, FOUND_SOMETHING, HISTORY, LANDING, ORDERS, STAGED, Failed


@pytest.fixture
def chain(tmp_path, local_stack, request):
    """A chain of two runs."""
    chain = Chain(tmp_path / "chain", local_stack, request.node.name)
    chain.run_twice(600, 300)
    return chain


def refused(chain, *args):
    """The exit code and message of a command that fails."""
    with pytest.raises(Failed) as failed:
        chain.calve(*args)
    return failed.value.code, failed.value.stderr


def findings(chain, command):
    """What `verify` or `fsck` lists when it finds something."""
    with pytest.raises(Failed) as failed:
        chain.json(command)
    assert failed.value.code == FOUND_SOMETHING, failed.value
    report = json.loads(failed.value.stdout)
    return report["differences" if command == "verify" else "findings"]


def first_snapshot(chain, table):
    """The id of a table's oldest snapshot."""
    return chain.catalog().load_table(table).snapshots()[0].snapshot_id


def roll_back(chain, table):
    """Makes the oldest snapshot current again, by Trino."""
    chain.trino.rows(f"alter table {table} execute rollback_to_snapshot("
                     f"{first_snapshot(chain, table)})")


def test_a_changed_value_in_a_mart_is_named_by_verify(chain):
    [[order]] = chain.trino.rows(f"select min(order_id) from {ORDERS}")
    chain.trino.rows(f"update {ORDERS} set description = 'by hand' where order_id = {order}")
    [found] = findings(chain, "verify")
    assert (found["table"], found["row"], found["what"], found["columns"]) == (
        ORDERS, f"order_id={order}", "other values", ["description"])


def test_a_deleted_and_an_added_row_of_a_mart_are_named_by_verify(chain):
    [[order]] = chain.trino.rows(f"select min(order_id) from {ORDERS}")
    chain.trino.rows(f"update {ORDERS} set order_id = 999999 where order_id = {order}")
    found = {(f["row"], f["what"]) for f in findings(chain, "verify")}
    assert found == {(f"order_id={order}", "missing"), ("order_id=999999", "extra")}


@pytest.mark.parametrize("table, follower", [(LANDING, STAGED), (FLATTENED, ORDERS)])
def test_deleted_events_are_a_named_halt_of_run(chain, table, follower):
    [[event]] = chain.trino.rows(f"select min(audit_event_id) from {table}")
    chain.trino.rows(f"delete from {table} where audit_event_id = {event}")
    code, message = refused(chain, "run")
    assert code == 1
    assert (f"rows_vanished: 1 events that {follower} has consumed are no longer in {table},"
            f" first audit_event_id {event};") in message
    assert findings_or_wait(chain)


def findings_or_wait(chain):
    """Whether verify says that something is wrong."""
    with pytest.raises(Failed) as failed:
        chain.json("verify")
    return failed.value.code in (FOUND_SOMETHING, 75)


@pytest.mark.parametrize("table", [STAGED, HISTORY])
def test_a_rolled_back_model_is_named_by_fsck_and_caught_up_by_run(chain, table):
    roll_back(chain, table)
    check_undone_and_made_good(chain, table)


def check_undone_and_made_good(chain, table):
    """fsck names the table, verify does not call it equal, and a run makes it good."""
    assert (table, "marker_undone") in {
        (found["subject"], found["finding"]) for found in findings(chain, "fsck")}
    assert findings_or_wait(chain)
    chain.calve("run")
    chain.check_proven()
    chain.check_tables()


def test_a_rolled_back_landing_table_is_a_named_halt(chain):
    roll_back(chain, LANDING)
    code, message = refused(chain, "transform")
    assert code == 1 and "rows_vanished" in message and LANDING in message


@pytest.mark.parametrize("table", [FLATTENED, ORDERS])
def test_a_replaced_model_is_named_by_fsck_and_made_good(chain, table):
    chain.trino.rows(f"create or replace table {table} as select * from {table} where"
                     f" {neighbours.KEYS[table]} % 2 = 0")
    check_undone_and_made_good(chain, table)
