"""A second and a third table beside `orders`, added by configuration alone, with every type
that JSON can carry and composite keys."""

import json
import random
import subprocess

import psycopg
import pytest
import yaml

import oracle
import readers
import source_tables
from postgres import USER
from project import BINARY, Failed, Project

QUERIES = {
    **source_tables.queries("customers", source_tables.CUSTOMERS, "tenant, customerid"),
    **source_tables.queries("order_items", source_tables.ORDER_ITEMS, "order_id, line"),
}
PASSWORD = "canary-8a41"  # the test server takes any; no file or output may hold it


def make_source(connection):
    connection.execute("set client_min_messages = error")
    connection.execute(source_tables.SCHEMA)


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory, server):
    """A project of three tables after several runs."""
    project = Project(tmp_path_factory.mktemp("tables"), server.create_database("tables"))
    with project.connect() as connection:
        make_source(connection)
    added = project.json("models", "add", "public.customers")
    assert added["table"]["key"] == ["tenant", "customerid"]
    assert added["left_out"] == [{"field": 'o"dd'}]
    project.calve("models", "add", "public.order_items", "--key", "order_id,line")
    project.calve("capture", "install", "--table", "public.orders", "--table",
                  "public.customers", "--table", "public.order_items")
    chance = random.Random(7)
    for _ in range(3):
        with project.connect() as connection:
            connection.execute("set timezone = 'Asia/Kolkata'")
            source_tables.change_customers(connection, chance, 150)
            source_tables.change_order_items(connection, chance, 100)
            source_tables.change_orders(connection, chance, 80)
        project.calve("run")
    with project.connect() as connection:
        connection.execute("truncate order_items")
        source_tables.change_order_items(connection, chance, 30)
    project.calve("run")
    return project


@pytest.mark.parametrize("table", [*QUERIES, *oracle.TABLES])
def test_each_table_equals_plain_sql(pipeline, table):
    query = QUERIES.get(table) or oracle.TABLES[table]
    with pipeline.connect() as connection:
        columns, rows = oracle.rows(connection, query)
    found = readers.pyiceberg_rows(pipeline.catalog().load_table(table), columns)
    assert len(rows) > 20
    assert list(map(source_tables.comparable, found)) == list(
        map(source_tables.comparable, rows))


def test_the_contract_has_the_types_of_postgresqls_catalog(pipeline):
    schema = yaml.safe_load(
        (pipeline.folder / "dbt_dwh/models/marts/ecomm/schema.yml").read_text())
    models = {model["name"]: model for model in schema["models"]}
    types = {column["name"]: column["data_type"] for column in models["customers"]["columns"]}
    assert types.items() >= {name: kind for name, (kind, _)
                             in source_tables.CUSTOMERS.items()}.items()
    assert models["customers"]["description"] == "Who buys: one row per customer."
    staging = yaml.safe_load(
        (pipeline.folder / "dbt_dwh/models/staging/ecomm/schema.yml").read_text())
    columns = {column["name"]: column for column in staging["models"][2]["columns"]}
    assert columns["tier"]["description"] == 'What "kind" of customer\nit is.'
    tests = {"tier": ["gold", "it's silver"], "a_mood": ["sad", "ok", 'it\'s "fine"']}
    for name, values in tests.items():
        assert columns[name]["data_tests"] == [
            {"accepted_values": {"arguments": {"values": values}}}]
    for name in ("tenant", "customerid", "a_text", "a_price"):
        assert "not_null" in columns[name]["data_tests"]
    for model in ("stg_ecomm_audit_log_dml_customers_flattened", "customers",
                  "customers_history_scd2"):
        assert list(pipeline.folder.rglob(f"{model}.sql"))[0].read_text().startswith("{{ calve.")


def test_verify_holds_them_against_the_live_tables(pipeline):
    document = pipeline.json("verify", "--live")
    assert document["verify"]["equal"] is True
    text = json.dumps(document)
    assert "customers" in text and "order_items" in text
    pipeline.calve("fsck")
    pipeline.calve("contract", "test")


def test_verify_live_sees_a_row_that_the_marts_lack(pipeline):
    """The proof can fail: a change that no trigger saw."""
    with pipeline.connect() as connection:
        connection.execute("alter table order_items disable trigger all")
        connection.execute("insert into order_items values (777, 1, 'unseen', 1, 1)")
    try:
        with pytest.raises(Failed) as differs:
            pipeline.calve("verify", "--live")
        assert differs.value.code == 4
    finally:
        with pipeline.connect() as connection:
            connection.execute("delete from order_items where order_id = 777")
        pipeline.calve("capture", "install", "--table", "public.order_items")


def test_a_table_is_added_once_and_a_wrong_key_is_named(pipeline):
    with pytest.raises(Failed) as again:
        pipeline.calve("models", "add", "public.customers")
    assert again.value.code == 2 and "is made from public.customers already" in again.value.stderr
    with pytest.raises(Failed) as missing:
        pipeline.calve("models", "add", "public.nothing")
    assert "there is no table nothing in schema public" in missing.value.stderr


def test_a_project_from_a_databases_own_tables_runs(tmp_path, server):
    name = "from_dsn"
    server.postgres.execute(f"create database {name}")
    dsn = f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{server.postgres.port}/{name}"
    with psycopg.connect(dsn, autocommit=True) as connection:
        make_source(connection)
        connection.execute("create table public.log (x int)")
    project = object.__new__(Project)
    project.folder, project.dsn, project.catalog_uri = tmp_path / "p", dsn, "sqlite:///lake/catalog.db"
    made = subprocess.run([str(BINARY), "-o", "json", "init", str(project.folder), "--from", dsn],
                          text=True, capture_output=True, check=True)
    document = json.loads(made.stdout)
    assert [row["table"] for row in document["tables"]] == [
        "public.customers", "public.order_items", "public.orders"]
    assert [row["table"] for row in document["skipped"]] == ["public.log"]
    texts = [made.stdout, made.stderr]
    texts += [path.read_text() for path in project.folder.rglob("*") if path.is_file()]
    assert not any(PASSWORD in text for text in texts)
    assert not any("ecomm" in text for text in texts)
    project.calve("contract", "lint")
    project.calve("capture", "install", "--table", "public.customers", "--table",
                  "public.order_items", "--table", "public.orders")
    with project.connect() as connection:
        source_tables.change_customers(connection, random.Random(1), 60)
    project.calve("run")
    assert project.json("verify", "--live")["verify"]["equal"] is True
    with pytest.raises(Failed) as again:
        project.calve("init", str(project.folder), "--from", dsn, config=False)
    assert "is not overwritten" in again.value.stderr
