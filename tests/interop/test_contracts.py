"""Contracts against drifting payloads, through the command line, judged by PyIceberg and SQL."""

import json

import pytest

import readers
from project import Failed, Project
from test_races import race

MARTS = "dbt_dwh/models/marts/ecomm/schema.yml"
STAGING = "dbt_dwh/models/staging/ecomm/schema.yml"
FLATTENED = "stg_ecomm_audit_log_dml_orders_flattened"
TABLES = [f"staging.{FLATTENED}", "marts.orders", "marts.orders_history_scd2"]


@pytest.fixture
def project(tmp_path, server, request):
    """A project over an audit log of 300 events of which every third has new fields."""
    project = Project(tmp_path / "project", server.create_database(request.node.name))
    with project.connect() as connection:
        connection.execute("""
            insert into audit_log_dml (audit_operation, audit_timestamp, tbl_schema, tbl_name,
                raw_data)
            select (array['I', 'U', 'D'])[1 + n % 3], '2024-05-06 07:08:09Z'::timestamptz
                    + n * interval '1 second', 'public', 'orders',
                (jsonb_build_object('order_id', n % 50, 'sum', n, 'description', 'd')
                 || case when n % 3 = 0 then jsonb_build_object('coupon', n, 'Coupon', 'c' || n)
                    else '{}' end)::text
            from generate_series(1, 300) n""")
    project.calve("run")
    return project


def values(project, table, column):
    """A column's values by event id, as PyIceberg reads them."""
    rows = readers.pyiceberg_rows(project.catalog().load_table(table), ["audit_event_id", column])
    return dict(rows)


def coupons(project):
    """The source's own answer: the new field by event id."""
    with project.connect() as connection:
        return dict(connection.execute(
            "select audit_event_id, (raw_data::jsonb ->> 'coupon')::integer from audit_log_dml"))


def test_an_accepted_field_is_typed_in_all_tables_and_old_snapshots_keep_the_text(project):
    diff = {row["field"]: row for row in project.json("contract", "diff")["fields"]}
    assert {name: (row["type"], row["rows"], row["in_table"]) for name, row in diff.items()} == {
        "coupon": ("integer", 100, True), "Coupon": ("varchar", 100, True)}
    before = project.catalog().load_table("marts.orders_history_scd2").current_snapshot()
    text = (project.folder / STAGING).read_text()
    (project.folder / STAGING).write_text(text.replace("  - name: stg", "  # Mine.\n  - name: stg"))
    text = (project.folder / STAGING).read_text()

    project.calve("contract", "accept", "coupon")

    accepted = (project.folder / STAGING).read_text()
    assert accepted.startswith(text) and "# Mine." in accepted
    assert "- name: coupon\n        data_type: integer\n" in accepted[len(text):]
    assert (project.folder / MARTS).read_text().count("- name: coupon\n") == 2
    expected = coupons(project)
    for table in TABLES:
        found = values(project, table, "coupon")
        assert found == {event: expected[event] for event in found}
        assert found or table == "marts.orders"
    history = project.catalog().load_table("marts.orders_history_scd2")
    old = history.scan(snapshot_id=before.snapshot_id).to_arrow()
    assert sorted(filter(None, old["coupon"].to_pylist())) == sorted(
        str(value) for value in expected.values() if value is not None)
    assert [row["field"] for row in project.json("contract", "diff")["fields"]] == ["Coupon"]
    project.calve("contract", "accept", "coupon")  # A repeat changes nothing.
    assert (project.folder / STAGING).read_text() == accepted


def test_every_field_can_be_accepted_at_once_and_the_next_run_goes_on(project):
    answer = project.json("contract", "accept")
    assert {row["field"] for row in answer["accepted"]} == {"coupon", "Coupon"}
    with project.connect() as connection:
        connection.execute("""
            insert into audit_log_dml (audit_operation, audit_timestamp, tbl_schema, tbl_name,
                raw_data) values ('I', now(), 'public', 'orders',
                '{"order_id": 7, "coupon": "1000", "Coupon": "x", "later": true}')""")
    project.calve("run")
    column = {row["field"]: row["column"] for row in answer["accepted"]}["Coupon"]
    assert values(project, "marts.orders", column)[301] == "x"
    assert values(project, "marts.orders", "coupon")[301] == 1000
    assert values(project, "marts.orders", "later")[301] == "true"


def test_contract_tests_pass_and_name_what_another_writer_broke(project):
    tests = project.json("contract", "test")["tests"]
    names = {test["test"]: test for test in tests}
    left_to_dbt = {name for name, test in names.items() if test["result"] == "skipped"}
    assert left_to_dbt == {f"calve_{rule}_orders_history_scd2"
                           for rule in ("scd2_no_overlap", "scd2_one_current")}
    assert all(names[name]["result"] == "pass" for name in names.keys() - left_to_dbt)
    assert {"not_null_orders_order_id", "unique_orders_order_id",
            f"accepted_values_{FLATTENED}_audit_operation__I__U__D"} <= set(names)
    assert names[f"unique_{FLATTENED}_audit_event_id"]["rows"] == 300

    table = project.catalog().load_table("marts.orders")
    row = table.scan(limit=1).to_arrow()
    table.append(row.cast(table.schema().as_arrow()))
    with pytest.raises(Failed) as failed:
        project.json("contract", "test", "-s", "orders")
    assert failed.value.code == 3
    broken = [test for test in json.loads(failed.value.stdout)["tests"] if test["failures"]]
    order = row["order_id"][0].as_py()
    assert [(test["test"], test["failures"], test["examples"]) for test in broken] == [
        ("unique_orders_order_id", 2, [f"order_id={order}"])]


def test_lint_tells_everything_at_once(project):
    assert project.json("contract", "lint")["problems"] == []
    marts = project.folder / MARTS
    marts.write_text(marts.read_text().replace("key: [order_id]", "key: [order_ids]"))
    with pytest.raises(Failed) as failed:
        project.json("contract", "lint")
    problems = json.loads(failed.value.stdout)["problems"]
    assert failed.value.code == 3
    assert [problem["file"] for problem in problems] == ["models/marts/ecomm/schema.yml"] * 2
    assert all("order_ids" in problem["problem"] and problem["line"] > 0 for problem in problems)


def test_a_check_sends_rows_to_quarantine_and_holds_tables(project):
    staging = project.folder / STAGING
    staging.write_text(staging.read_text().replace(
        "config: {meta: {calve: {path: $.sum}}}",
        'config: {meta: {calve: {path: $.sum}}}\n'
        '        constraints: [{type: check, expression: "order_sum between 5 and 1000"}]'))
    with pytest.raises(Failed) as failed:  # Rows that were there before the rule.
        project.json("contract", "test", "-s", FLATTENED)
    broken = [test for test in json.loads(failed.value.stdout)["tests"] if test["failures"]]
    assert [(test["test"], test["failures"]) for test in broken] == [
        (f"check_{FLATTENED}_order_sum_between_5_and_1000", 4)]
    with project.connect() as connection:
        connection.execute("""
            insert into audit_log_dml (audit_operation, audit_timestamp, tbl_schema, tbl_name,
                raw_data) values ('I', now(), 'public', 'orders', '{"order_id": 7, "sum": -1}')""")
    project.calve("run")
    quarantine = project.catalog().load_table(f"quarantine.{FLATTENED}").scan().to_arrow()
    assert quarantine["audit_event_id"].to_pylist() == [301]
    assert quarantine["rule"].to_pylist() == ["check"]


def test_a_narrower_type_is_a_named_halt_and_a_full_refresh_its_remedy(project):
    for file in (MARTS, STAGING):
        path = project.folder / file
        path.write_text(path.read_text().replace("- name: order_sum\n        data_type: double",
                                                 "- name: order_sum\n        data_type: bigint"))
    with pytest.raises(Failed) as failed:
        project.calve("transform")
    assert failed.value.code == 3
    assert "contract_changed: " in failed.value.stderr
    project.calve("transform", "--full-refresh", "-s", FLATTENED + "+")
    assert values(project, f"staging.{FLATTENED}", "order_sum")[300] == 300


def test_racing_transforms_of_drifting_batches_give_each_field_one_column(project):
    for batch in range(4):
        with project.connect() as connection:
            connection.execute("""
                insert into audit_log_dml (audit_operation, audit_timestamp, tbl_schema,
                    tbl_name, raw_data)
                select 'U', now(), 'public', 'orders', jsonb_build_object('order_id', n,
                    'both', n, 'f' || %s, n, 'F' || %s, n)::text
                from generate_series(1, 50) n""", (batch, batch))
        for key in project.json("extract")["extracted_files"]:
            project.calve("ingest", "--s3-key", key)
    race(project, "transform")
    for table in TABLES:
        names = [field.name for field in project.catalog().load_table(table).schema().fields]
        assert len(names) == len(set(names))
        assert {"both", "f0", "f1", "f2", "f3"} <= set(names)
        assert sum(name.startswith("f") and "_" in name for name in names) == 4
    history = values(project, "marts.orders_history_scd2", "both")
    assert sum(value is not None for value in history.values()) == 200
