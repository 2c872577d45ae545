"""Quarantine by the command line on a real PostgreSQL: look, give up, take in again."""

import json

import pytest

from project import Failed, Project

FLATTENED = "stg_ecomm_audit_log_dml_orders_flattened"


def insert(project, *payloads, operation="I", table="orders"):
    """Inserts events of `public.orders`; returns their ids."""
    ids = []
    with project.connect() as connection:
        for payload in payloads:
            text = payload if isinstance(payload, str) else json.dumps(payload)
            ids.append(connection.execute(
                "insert into audit_log_dml (audit_operation, audit_timestamp, tbl_schema, tbl_name,"
                " raw_data) values (%s, clock_timestamp(), 'public', %s, %s)"
                " returning audit_event_id", (operation, table, text)).fetchone()[0])
    return ids


@pytest.fixture
def project(tmp_path, server, request):
    """A project with three good orders and three bad ones, run once."""
    name = request.node.name.replace("[", "_").replace("]", "")[:60]
    project = Project(tmp_path / "project", server.create_database(name))
    insert(project, *({"order_id": number, "sum": number} for number in (1, 2, 3)))
    insert(project, {"order_id": 4, "sum": "12 EUR"}, {"order_id": 5, "sum": "a lot"},
           "[1, 2]")
    project.calve("run")
    return project


def open_rows(project):
    """`(rule, column, open, discarded)` of each group."""
    return [(row["rule"], row["column"], row["open"], row["discarded"])
            for row in project.json("quarantine", "ls")]


def test_ls_counts_by_model_and_rule_with_oldest_and_newest(project):
    rows = project.json("quarantine", "ls")
    assert open_rows(project) == [("cast", "order_sum", 2, 0), ("payload", None, 1, 0)]
    assert all(row["model"] == FLATTENED and row["oldest"] <= row["newest"] for row in rows)
    assert project.json("quarantine", "ls", "--rule", "cast") == rows[:1]
    assert project.json("quarantine", "ls", "-s", "marts") == []
    assert "12 EUR" in project.calve("quarantine", "show", "4")


def test_show_gives_the_whole_event(project):
    event, = project.json("quarantine", "show", "4")
    assert event["rule"] == "cast" and event["reason"] == "`12 EUR` is no double"
    assert event["raw_data"] == '{"order_id": 4, "sum": "12 EUR"}'
    assert event["audit_event_id"] == 4 and event["tbl_name"] == "orders"
    assert event["discarded_at"] is None and event["discard_note"] is None
    assert len(project.json("quarantine", "show", "--model", FLATTENED)) == 3
    assert len(project.json("quarantine", "show", "--model", FLATTENED, "--limit", "1")) == 1


def test_what_cannot_be_done_says_so_and_changes_nothing(project):
    note = ("--note", "x")
    for arguments, code in [
            (("show", "999"), 1), (("show",), 2), (("show", "four"), 2),
            (("ls", "-s", "nothing"), 2), (("discard", "999", *note, "--yes"), 1),
            (("discard", "4", "999", *note, "--yes"), 1), (("discard", "4", "--yes"), 2),
            (("discard", *note, "--yes"), 2), (("discard", "4", *note), 2)]:
        with pytest.raises(Failed) as failed:
            project.calve("quarantine", *arguments)
        assert failed.value.code == code, arguments
    assert open_rows(project) == [("cast", "order_sum", 2, 0), ("payload", None, 1, 0)]


def test_a_discarded_event_stays_out_and_is_not_counted_again(project):
    done = project.json("quarantine", "discard", "4", "6", "--note", "known defect", "--yes")
    assert done == {"models": [{"model": FLATTENED, "discarded": 2}]}
    assert open_rows(project) == [("cast", "order_sum", 1, 1), ("payload", None, 0, 1)]
    event, = project.json("quarantine", "show", "4")
    assert event["discard_note"] == "known defect" and event["discarded_at"] is not None
    assert project.json("quarantine", "discard", "4", "--note", "again", "--yes") == {"models": []}
    refreshed = project.json("transform", "--full-refresh")
    assert sum(model["quarantined"] for model in refreshed["models"]) == 0
    assert open_rows(project) == [("cast", "order_sum", 1, 1), ("payload", None, 0, 1)]
    assert project.json("quarantine", "show", "4")[0] == event
    rows = project.catalog().load_table("quarantine." + FLATTENED).scan().to_arrow().to_pylist()
    assert sorted(row["audit_event_id"] for row in rows) == [4, 5, 6]
