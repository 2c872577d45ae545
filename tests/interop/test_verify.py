"""verify: silent on a healthy pipeline, and finds just the damage that was planted."""

import json
import os

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from project import (FLATTENED, FOUND_SOMETHING, HISTORY, LANDING, ORDERS, STAGED, Failed,
                     Project)


@pytest.fixture
def project(tmp_path, server, request):
    """A project of two runs: deletes, re-inserts, late and repeated events, drift."""
    project = Project(tmp_path / "project", server.create_database(request.node.name))
    project.run_twice(1500, 800)
    return project


def verify(project, *args):
    """What `verify` says, and whether it found something."""
    try:
        return project.json("verify", *args), False
    except Failed as failed:
        assert failed.code == FOUND_SOMETHING, failed
        return json.loads(failed.stdout), True


def differences(report):
    """Table, row, what, columns of everything that is named."""
    return [(d["table"], d["row"], d["what"], d["columns"]) for d in report["differences"]]


def replace_rows(project, name, change):
    """Overwrites a table by PyIceberg with what `change` makes of its rows."""
    table = project.catalog().load_table(name)
    table.overwrite(change(table.scan().to_arrow()))


def set_value(rows, row, column, value):
    """The rows, one of them with another value."""
    values = rows[column].to_pylist()
    values[row] = value
    at = rows.schema.get_field_index(column)
    return rows.set_column(at, rows.schema.field(at), pa.array(values, rows.schema.field(at).type))


def last_event_of_a_live_order(project):
    """Order id and event id of a row of `orders`."""
    rows = project.catalog().load_table(ORDERS).scan().to_arrow().to_pylist()
    return rows[0]["order_id"], rows[0]["audit_event_id"]


def test_a_healthy_pipeline_is_equal(project):
    report, found = verify(project)
    assert not found and report["verify"]["equal"]
    assert {t["table"] for t in report["tables"]} == {LANDING, STAGED, FLATTENED, ORDERS, HISTORY}
    rows = {t["table"]: t["rows"] for t in report["tables"]}
    assert rows[LANDING] == rows[STAGED] == rows[FLATTENED] == rows[HISTORY] >= 2300
    assert all(t["rows"] == t["expected_rows"] for t in report["tables"])
    assert report["differences"] == [] and report["set_aside"] == []


def test_selection_judges_the_selected_models_alone(project):
    report, _ = verify(project, "-s", "orders")
    assert [t["table"] for t in report["tables"]] == [ORDERS]


def test_a_row_dropped_from_orders_is_named(project):
    order, _ = last_event_of_a_live_order(project)
    project.catalog().load_table(ORDERS).delete(f"order_id == {order}")
    report, found = verify(project)
    assert found
    assert differences(report) == [(ORDERS, f"order_id={order}", "missing", [])]


def test_an_extra_row_in_orders_is_named(project):
    table = project.catalog().load_table(ORDERS)
    rows = table.scan().to_arrow()
    table.append(set_value(rows.slice(0, 1), 0, "order_id", 999_999))
    report, _ = verify(project)
    assert differences(report) == [(ORDERS, "order_id=999999", "extra", [])]


def test_a_changed_value_is_named_with_its_column(project):
    order, _ = last_event_of_a_live_order(project)

    def change(rows):
        at = rows["order_id"].to_pylist().index(order)
        return set_value(rows, at, "description", "edited by hand")
    replace_rows(project, ORDERS, change)
    report, _ = verify(project)
    assert differences(report) == [(ORDERS, f"order_id={order}", "other values", ["description"])]


def test_a_shifted_valid_to_is_named(project):
    rows = project.catalog().load_table(HISTORY).scan().to_arrow()
    at = rows["is_current"].to_pylist().index(False)
    event, order = rows["audit_event_id"][at].as_py(), rows["order_id"][at].as_py()
    shifted = pc.add(rows["valid_to"], pa.scalar(1, pa.duration("us"))).to_pylist()
    replace_rows(project, HISTORY, lambda r: set_value(
        r, r["audit_event_id"].to_pylist().index(event), "valid_to", shifted[at]))
    report, _ = verify(project)
    assert differences(report) == [
        (HISTORY, f"order_id={order}, audit_event_id={event}", "other values", ["valid_to"])]


@pytest.mark.parametrize("name", [STAGED, FLATTENED])
def test_an_event_stored_twice_is_named(project, name):
    table = project.catalog().load_table(name)
    row = table.scan().to_arrow().slice(5, 1)
    event = row["audit_event_id"][0].as_py()
    table.append(row)
    project.calve("transform")  # consumes the repeat, which changes nothing downstream
    report, _ = verify(project)
    assert differences(report) == [(name, f"audit_event_id={event}", "repeated", [])]


def test_a_repeated_row_of_the_landing_table_is_no_fault(project):
    table = project.catalog().load_table(LANDING)
    table.append(table.scan().to_arrow().slice(0, 10))
    project.calve("transform")
    report, found = verify(project)
    assert not found and report["tables"][0]["rows"] > report["tables"][0]["expected_rows"]


def test_a_changed_audit_row_is_named_everywhere(project):
    order, event = last_event_of_a_live_order(project)
    with project.connect() as connection:
        connection.execute("update audit_log_dml set raw_data = jsonb_set(raw_data::jsonb,"
                           " '{description}', '\"changed\"')::text where audit_event_id = %s",
                           (event,))
    report, _ = verify(project)
    assert sorted(differences(report)) == sorted([
        (LANDING, f"audit_event_id={event}", "other values", ["raw_data"]),
        (STAGED, f"audit_event_id={event}", "other values", ["raw_data"]),
        (FLATTENED, f"audit_event_id={event}", "other values", ["description"]),
        (ORDERS, f"order_id={order}", "other values", ["description"]),
        (HISTORY, f"order_id={order}, audit_event_id={event}", "other values", ["description"])])


def test_rows_after_the_cut_are_no_fault(project):
    project.generate_and_load("c.csv", "--events", "100", "--seed", "3", "--after", "b.csv")
    report, found = verify(project)
    assert not found and report["verify"]["rows_after_the_cut"] >= 100


def test_landed_rows_after_the_cut_count(project):
    """A backfill lands rows that the cursor doesn't cover."""
    project.generate_and_load("c.csv", "--events", "50", "--seed", "3", "--after", "b.csv")
    project.calve("extract", "--window", "--data-interval-start", "1970-01-01T00:00:00Z",
                  "--data-interval-end", "2100-01-01T00:00:00Z")
    keys = sorted((project.folder / "lake").rglob("*.csv"), key=lambda p: p.stat().st_mtime)
    project.calve("ingest", "--s3-key", str(keys[-1].relative_to(project.folder / "lake")))
    project.calve("transform")
    report, found = verify(project)
    assert not found
    assert report["verify"]["of_these_landed"] == report["verify"]["rows_after_the_cut"] >= 50


def test_what_waits_is_no_difference_but_a_plea_to_run_first(project):
    project.generate_and_load("c.csv", "--events", "100", "--seed", "3", "--after", "b.csv")
    project.calve("extract")
    with pytest.raises(Failed) as failed:
        project.calve("verify")
    assert failed.value.code == 75
    assert "1 landing files wait" in failed.value.stderr


def insert(project, payload, operation="I"):
    """Adds an order event to the audit log; returns its id."""
    with project.connect() as connection:
        return connection.execute(
            "insert into audit_log_dml (audit_operation, audit_timestamp, tbl_schema, tbl_name,"
            " raw_data) values (%s, now(), 'public', 'orders', %s) returning audit_event_id",
            (operation, payload)).fetchone()[0]


def test_quarantined_events_are_set_aside_and_their_keys_named(project):
    insert(project, '{"order_id": 1, "sum": "much"}')
    insert(project, '{"order_id": 2}', operation="?")
    insert(project, "no JSON")
    project.calve("run")
    report, found = verify(project)
    assert not found
    assert report["verify"]["doubtful"] == ["order_id=1", "order_id=2"]
    assert report["set_aside"] == [{"table": FLATTENED, "reason": "in quarantine", "rows": 3}]


def test_an_event_too_large_to_be_landed_is_set_aside(project):
    insert(project, json.dumps({"order_id": 3, "description": "x" * 5000}))
    project.calve("run", "--set", "limits.max_event_bytes=4KiB")
    report, found = verify(project)
    assert not found, report["differences"]
    assert report["verify"]["doubtful"] == ["order_id=3"]
    assert {s["table"] for s in report["set_aside"]} == {LANDING, STAGED, FLATTENED}


def test_an_event_in_neither_table_nor_quarantine_is_lost(project):
    event = insert(project, '{"order_id": 1, "sum": "much"}')
    project.calve("run")
    project.catalog().load_table("quarantine.stg_ecomm_audit_log_dml_orders_flattened").delete(
        f"audit_event_id == {event}")
    report, _ = verify(project)
    assert differences(report) == [(FLATTENED, f"audit_event_id={event}", "missing", [])]


def test_an_id_that_two_events_claim_is_set_aside(project):
    _, event = last_event_of_a_live_order(project)
    table = project.catalog().load_table(LANDING)
    row = table.scan(row_filter=f"audit_event_id == {event}").to_arrow().slice(0, 1)
    table.append(set_value(row, 0, "audit_operation", "D"))
    project.calve("transform")
    report, found = verify(project)
    assert not found
    assert {(s["table"], s["reason"]) for s in report["set_aside"]} == {(LANDING, "id_conflict")}


def test_purged_audit_rows_are_set_aside(project):
    with project.connect() as connection:
        connection.execute("delete from audit_log_dml where audit_event_id <= 300")
    report, found = verify(project)
    assert not found
    assert {s["reason"] for s in report["set_aside"]} == {"purged from the audit log"}


def test_drifting_fields_are_compared(project):
    event = insert(project, '{"order_id": 7, "sum": "1", "gift": "yes"}')
    project.calve("run")
    report, found = verify(project)
    assert not found, report
    replace_rows(project, ORDERS, lambda r: set_value(
        r, r["order_id"].to_pylist().index(7), "gift", "no"))
    report, _ = verify(project)
    assert differences(report) == [(ORDERS, "order_id=7", "other values", ["gift"])]
    assert event > 0


def test_every_column_of_an_event_order_by_id_is_right(project, tmp_path):
    schema = project.folder / "dbt_dwh/models/marts/ecomm/schema.yml"
    text = schema.read_text()
    assert "kind: history" in text
    assert text.count("order_by:") == 2
    schema.write_text(text.replace("audit_timestamp, audit_event_id]", "audit_event_id]"))
    project.calve("transform", "-s", "orders_history_scd2", "--full-refresh")
    report, found = verify(project, "-s", "orders_history_scd2")
    assert not found, report
    schema.write_text(text)
    _, found = verify(project, "-s", "orders_history_scd2")
    assert found, "the two orders differ: late events are among the rows"


def create_live_orders(project):
    """A source table that is what the audit log says, by a trigger from now on."""
    with project.connect() as connection:
        connection.execute("""
            create table public.orders (order_id int primary key, order_timestamp timestamptz,
              created_at timestamptz, updated_at timestamptz, sum numeric(12,2), description text);
            create function audit() returns trigger language plpgsql as $$ begin
              insert into audit_log_dml (audit_operation, audit_timestamp, tbl_schema, tbl_name,
                raw_data) values (left(tg_op, 1), clock_timestamp(), 'public', 'orders',
                to_jsonb(case tg_op when 'DELETE' then old else new end)::text);
              return null; end $$;
            create trigger audit after insert or update or delete on public.orders
              for each row execute function audit();
            insert into public.orders select i, now(), now(), now(), i * 1.25, 'order ' || i
              from generate_series(1, 300) i;
            update public.orders set description = 'changed' where order_id % 3 = 0;
            delete from public.orders where order_id % 10 = 0;""")


@pytest.fixture
def live(tmp_path, server, request):
    """A project over a live source table."""
    project = Project(tmp_path / "project", server.create_database(request.node.name))
    create_live_orders(project)
    project.calve("run")
    return project


def test_the_live_table_equals_orders(live):
    report, found = verify(live, "--live")
    assert not found
    proof = report["tables"][-2]
    assert (proof["table"], proof["against"], proof["rows"]) == (ORDERS, "public.orders", 270)


def test_live_rows_that_changed_after_the_cut_are_set_aside(live):
    with live.connect() as connection:
        connection.execute("update orders set sum = 0 where order_id < 5;"
                           "delete from orders where order_id = 5")
    report, found = verify(live, "--live")
    assert not found
    assert report["set_aside"] == [{"table": ORDERS, "reason": "came after the cut", "rows": 5}]


def test_a_change_past_the_trigger_is_named(live):
    with live.connect() as connection:
        connection.execute("set session_replication_role = replica;"
                           "update orders set sum = 7 where order_id = 8;"
                           "delete from orders where order_id = 9;"
                           "insert into orders (order_id) values (1000)")
    report, found = verify(live, "--live")
    assert found
    assert sorted(differences(report)) == sorted([
        (ORDERS, "order_id=8", "other values", ["order_sum"]),
        (ORDERS, "order_id=9", "extra", []),
        (ORDERS, "order_id=1000", "missing", [])])


def test_audit_xid_sources_are_cut_as_they_were_read(tmp_path, server):
    project = Project(tmp_path / "project", server.create_database("verify_audit_xid"))
    with project.connect() as connection:
        connection.execute("alter table audit_log_dml add audit_xid xid8")
        connection.execute("alter table audit_log_dml alter audit_xid"
                           " set default pg_current_xact_id()")
    project.generate_and_load("a.csv", "--events", "300", "--seed", "1")
    with project.connect() as late:
        late.autocommit = False
        late.execute("insert into audit_log_dml (audit_operation, audit_timestamp, tbl_schema,"
                     " tbl_name, raw_data) values ('I', now(), 'public', 'orders',"
                     " '{\"order_id\": 5000}')")
        project.calve("run")
        late.commit()
    report, found = verify(project)
    assert not found
    assert report["verify"]["rows_after_the_cut"] == 1
    assert report["verify"]["cut"].startswith("audit_xid ")


def test_the_list_is_bounded_and_the_rest_counted(project):
    project.catalog().load_table(ORDERS).delete("order_id > 0")
    report, _ = verify(project)
    assert len(report["differences"]) == 20
    missing = report["tables"][3]["missing"]
    assert report["verify"]["differences_not_listed"] == missing - 20 > 0


def test_no_temporary_files_are_left(project, tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    verify(project)
    assert os.listdir(scratch) == []
