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


def make_project(tmp_path, server, request):
    """A project over a database of its own."""
    name = request.node.name.replace("[", "_").replace("]", "")[:60]
    return Project(tmp_path / "project", server.create_database(name))


@pytest.fixture
def project(tmp_path, server, request):
    """A project with three good orders and three bad ones, run once."""
    project = make_project(tmp_path, server, request)
    insert(project, *({"order_id": number, "sum": number} for number in (1, 2, 3)))
    insert(project, {"order_id": 4, "sum": "12 EUR"}, {"order_id": 5, "sum": "a lot"},
           "[1, 2]")
    project.calve("run")
    return project


ANY_DESCRIPTION = "        description: What was ordered.\n"
FINE_DESCRIPTION = (ANY_DESCRIPTION + "        data_tests:\n"
                    "          - accepted_values: {arguments: {values: [fine]}}\n")


@pytest.fixture
def strict(tmp_path, server, request):
    """The same, under a contract that takes no description but `fine`; orders 4 and 5 have
    another, and event 6 is no object."""
    project = make_project(tmp_path, server, request)
    change_contract(project, ANY_DESCRIPTION, FINE_DESCRIPTION)
    insert(project, *({"order_id": number, "description": "fine"} for number in (1, 2, 3)))
    insert(project, {"order_id": 4, "description": "odd"}, {"order_id": 5, "description": "odd"},
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
    assert sum(model["quarantined"] for model in refreshed["models"]) == 1  # Event 5 alone.
    assert open_rows(project) == [("cast", "order_sum", 1, 1), ("payload", None, 0, 1)]
    assert project.json("quarantine", "show", "4")[0] == event
    rows = project.catalog().load_table("quarantine." + FLATTENED).scan().to_arrow().to_pylist()
    assert sorted(row["audit_event_id"] for row in rows) == [4, 5, 6]


def change_contract(project, old, new):
    """Edits the flatten model's schema.yml."""
    path = project.folder / "dbt_dwh" / "models" / "staging" / "ecomm" / "schema.yml"
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def replayed(project, *arguments):
    """`(passed, still_failing, conflicts, left_out)` by model."""
    return {row["model"]: (row["passed"], row["still_failing"], row["conflicts"], row["left_out"])
            for row in project.json("quarantine", "replay", *arguments)["models"]}


def column(project, table, name):
    """A column's values, ascending."""
    return sorted(project.catalog().load_table(table).scan().to_arrow()[name].to_pylist())


def test_replay_takes_in_what_keeps_the_contract_now(strict):
    before = strict.catalog().load_table("quarantine." + FLATTENED).metadata_location
    assert replayed(strict) == {FLATTENED: (0, 3, 0, 0)}
    assert strict.catalog().load_table("quarantine." + FLATTENED).metadata_location == before
    change_contract(strict, FINE_DESCRIPTION, ANY_DESCRIPTION)
    assert replayed(strict, "5") == {FLATTENED: (1, 0, 0, 0)}
    assert replayed(strict, "-s", "marts") == {}
    assert replayed(strict, "--rule", "accepted_values") == {FLATTENED: (1, 0, 0, 0)}
    assert open_rows(strict) == [("payload", None, 1, 0)]
    for table in ("staging." + FLATTENED, "marts.orders", "marts.orders_history_scd2"):
        assert column(strict, table, "order_id") == [1, 2, 3, 4, 5], table
    assert strict.json("run")["run"]["commits"] == 0
    assert replayed(strict) == {FLATTENED: (0, 1, 0, 0)}


def test_a_replayed_event_takes_its_place_in_order(strict):
    insert(strict, {"order_id": 4, "description": "fine"}, {"order_id": 5}, operation="U")
    insert(strict, {"order_id": 5}, operation="D")
    strict.calve("run")
    change_contract(strict, FINE_DESCRIPTION, ANY_DESCRIPTION)
    replayed(strict)
    history = strict.catalog().load_table("marts.orders_history_scd2").scan().to_arrow().to_pylist()
    events = sorted((row["order_id"], row["valid_from"], row["audit_event_id"], row["valid_to"],
                     row["is_current"]) for row in history if row["order_id"] in (4, 5))
    assert [event[2] for event in events] == [4, 7, 5, 8, 9]
    assert [event[4] for event in events] == [False, True, False, False, True]
    assert [event[3] for event in events] == [events[1][1], None, events[3][1], events[4][1], None]
    assert column(strict, "marts.orders", "audit_event_id") == [1, 2, 3, 7]


def test_an_event_that_still_fails_stays_with_its_new_reason(project):
    quarantined_at = project.json("quarantine", "show", "5")[0]["quarantined_at"]
    change_contract(project, """      - name: order_id
        data_type: integer
        description: The order's number.
        data_tests:
          - not_null
""", """      - name: order_id
        data_type: integer
        description: The order's number.
        data_tests:
          - not_null
          - accepted_values: {arguments: {values: [1, 2, 3, 4], quote: false}}
""")
    assert replayed(project) == {FLATTENED: (0, 3, 0, 0)}
    event, = project.json("quarantine", "show", "5")
    assert (event["rule"], event["column_name"]) == ("accepted_values", "order_id")
    assert event["quarantined_at"] == quarantined_at
    assert project.json("quarantine", "show", "4")[0]["rule"] == "cast"


def test_an_id_conflict_is_settled_by_a_discard_alone(project):
    file = next((project.folder / "lake").rglob("*.csv"))
    twin = file.with_name("twin.csv")
    twin.write_text(file.read_text().replace('""sum"": 1', '""sum"": 9'))
    key = str(twin.relative_to(project.folder / "lake"))
    project.calve("ingest", "--s3-key", key)
    project.calve("transform")
    staging = "stg_ecomm_audit_log_dml"
    assert replayed(project, "-s", staging) == {staging: (0, 0, 1, 0)}
    project.calve("quarantine", "discard", "1", "--note", "the first is right", "--yes")
    assert replayed(project, "-s", staging) == {}
    project.calve("transform", "--full-refresh")
    assert replayed(project, "-s", staging) == {}


def test_replays_and_transforms_at_once_take_each_event_in_once(strict):
    insert(strict, *({"order_id": 10 + number, "description": "odd"} for number in range(200)))
    strict.calve("run")
    insert(strict, *({"order_id": 10 + number, "description": "fine"} for number in range(200)),
           operation="U")
    strict.calve("extract")
    keys = [path.relative_to(strict.folder / "lake")
            for path in (strict.folder / "lake").rglob("*.csv")]
    for key in keys:
        strict.calve("ingest", "--s3-key", str(key))
    change_contract(strict, FINE_DESCRIPTION, ANY_DESCRIPTION)
    racers = [strict.start("-o", "json", *arguments) for arguments in
              (("quarantine", "replay"), ("transform",), ("quarantine", "replay"),
               ("quarantine", "replay", "--rule", "accepted_values"))]
    for racer in racers:
        _, stderr = racer.communicate(timeout=120)
        assert racer.returncode == 0, stderr
    strict.calve("transform")
    assert open_rows(strict) == [("payload", None, 1, 0)]
    events = [*range(1, 6), *range(7, 407)]
    for table in ("staging." + FLATTENED, "marts.orders_history_scd2"):
        assert column(strict, table, "audit_event_id") == events, table
    assert column(strict, "marts.orders", "audit_event_id") == [*range(1, 6), *range(207, 407)]


def test_status_names_the_keys_in_doubt(project):
    marts = ["marts.orders", "marts.orders_history_scd2"]
    assert project.json("status")["doubtful_keys"] == [
        {"table": table, "count": 2, "keys": ["4", "5"]} for table in marts]
    assert "marts.orders: 2 keys in doubt" in project.calve("status")
    project.calve("quarantine", "discard", "4", "--note", "known", "--yes")
    assert project.json("status")["doubtful_keys"] == [
        {"table": table, "count": 1, "keys": ["5"]} for table in marts]
    project.calve("quarantine", "discard", "5", "--note", "known", "--yes")
    assert project.json("status")["doubtful_keys"] == []


def test_a_model_that_fails_stops_with_its_own_exit_code_and_goes_on_after_the_fix(strict):
    change_contract(strict, "          schema_evolution: propagate\n"
                            "          on_violation: quarantine",
                    "          schema_evolution: propagate\n          on_violation: fail")
    insert(strict, {"order_id": 7, "description": "fine"})
    strict.calve("run")
    insert(strict, {"order_id": 8, "description": "fine"}, {"order_id": 9, "description": "odd"})
    with pytest.raises(Failed) as failed:
        strict.calve("run")
    assert failed.value.code == 3 and "on_violation: fail" in failed.value.stderr
    assert column(strict, "marts.orders", "order_id") == [1, 2, 3, 7]
    change_contract(strict, FINE_DESCRIPTION, ANY_DESCRIPTION)
    strict.calve("run")
    assert column(strict, "marts.orders", "order_id") == [1, 2, 3, 7, 8, 9]
