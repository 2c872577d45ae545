"""Capturing tables: from `capture install` to marts that equal the tables themselves."""

import json
import random
import signal
import time

import psycopg
import pytest

from postgres import USER, PrivatePostgres
from project import Failed, Project

ORDERS = """create table public.orders (order_id int primary key, order_timestamp timestamptz,
    created_at timestamptz, updated_at timestamptz, sum numeric(12,2), description text)"""


@pytest.fixture
def project(tmp_path, server, request):
    """A project whose source has an empty table `orders`, and no audit table yet."""
    made = Project(tmp_path / "project", server.create_database(request.node.name))
    with made.connect() as connection:
        connection.execute("drop table public.audit_log_dml")
        connection.execute(ORDERS)
    return made


def run_sql(project, *statements):
    """Runs statements, each in a transaction of its own."""
    with project.connect() as connection:
        for statement in statements:
            connection.execute(statement)


def orders(project):
    """The source's orders, as the mart should hold them."""
    with project.connect() as connection:
        return sorted(connection.execute(
            "select order_id, sum::float8, description from public.orders").fetchall())


def rows(project, table, *columns):
    """Some columns of a table, as tuples."""
    scan = project.catalog().load_table(table).scan(selected_fields=columns)
    return [tuple(row[column] for column in columns) for row in scan.to_arrow().to_pylist()]


def mart(project):
    """The rows of marts.orders."""
    return sorted(rows(project, "marts.orders", "order_id", "order_sum", "description"))


def failure(project, *args):
    """What a command that fails says; it says it in one sentence."""
    with pytest.raises(Failed) as failed:
        project.calve(*args)
    lines = [line for line in failed.value.stderr.splitlines() if line.startswith("calve: ")]
    assert len(lines) == 1
    return failed.value.code, lines[0]


def random_statement(chance):
    """One change of some orders, of their keys too."""
    key, other = chance.randrange(40), chance.randrange(40)
    return chance.choice([
        f"insert into public.orders values ({key}, now(), now(), now(), {other}.25, 'new')"
        " on conflict (order_id) do update set sum = excluded.sum, description = 'again'",
        f"update public.orders set sum = sum + 1 where order_id % 7 = {key % 7}",
        f"update public.orders set order_id = {other + 100} where order_id = {key}"
        f" and not exists (select from public.orders where order_id = {other + 100})",
        f"delete from public.orders where order_id in ({key}, {other + 100})",
        f"begin; delete from public.orders; savepoint s; rollback to s;"
        f" insert into public.orders values ({other + 200}, now(), now(), now(), 1, null)"
        " on conflict do nothing; commit",
        "truncate public.orders" if chance.random() < 0.1 else "select 1",
    ])


@pytest.mark.parametrize("seed", range(2))
def test_the_mart_equals_the_captured_table(project, seed):
    chance = random.Random(seed)
    run_sql(project, "insert into public.orders values (1000, now(), now(), now(), 5, 'old')")
    project.calve("capture", "install", "--table", "public.orders", "--existing-rows")
    for _ in range(4):
        run_sql(project, *(random_statement(chance) for _ in range(40)))
        project.calve("run")
        assert mart(project) == orders(project)


def test_a_dry_run_prints_a_script_that_does_what_install_does(project):
    run_sql(project, "insert into public.orders (order_id) values (1)")
    install = ("capture", "install", "--table", "public.orders", "--existing-rows")
    script = project.calve(*install, "--dry-run")
    assert project.json("capture", "status")["capture"]["exists"] is False
    run_sql(project, script)
    assert project.json(*install)["steps"] == []
    status = project.json("capture", "status")
    assert status["capture"]["guarded"] and status["capture"]["cursor_problem"] is None
    assert status["tables"] == [{"table": "public.orders", "key": ["order_id"], "problem": None}]
    assert [step["step"] for step in project.json("capture", "uninstall", "--dry-run")["steps"]]
    project.calve("capture", "uninstall")
    assert project.json("capture", "uninstall")["steps"] == []


def test_dropping_the_events_needs_a_word(project):
    project.calve("capture", "install")
    code, _ = failure(project, "capture", "uninstall", "--drop-data")
    assert code == 2
    project.calve("capture", "uninstall", "--drop-data", "--yes")
    assert project.json("capture", "status")["capture"]["exists"] is False


def test_the_guard_lets_go_of_what_the_ledger_holds(project):
    project.calve("capture", "install", "--table", "public.orders")
    run_sql(project, "insert into public.orders (order_id) values (1), (2)")
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
        run_sql(project, "delete from public.audit_log_dml")
    project.calve("extract")
    run_sql(project, "delete from public.audit_log_dml",
            "insert into public.orders (order_id) values (3)")
    project.calve("run")  # a purge by the guard's leave breaks nothing
    assert len(mart(project)) == 3


def test_reset_begins_anew_where_nothing_can_be_proven(project):
    project.calve("capture", "install", "--table", "public.orders")
    run_sql(project, "insert into public.orders (order_id, sum) values (1, 1)")
    project.calve("run")
    run_sql(project, "truncate public.audit_log_dml",
            "insert into public.orders (order_id, sum) values (2, 2)")
    code, message = failure(project, "run")
    assert code == 1 and "audit_rows_lost" in message and "calve reset source" in message
    assert failure(project, "reset", "source")[0] == 2  # not without a word
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
        run_sql(project, "truncate public.audit_log_dml")
    # Keeping the rows: they are read from the first again, and none counts twice.
    assert project.json("reset", "source", "--keep-rows", "--yes")["truncated"] is False
    project.calve("run")
    assert mart(project) == orders(project)
    run_sql(project, "insert into public.orders (order_id, sum) values (3, 3)")
    # Truncating: the guard lets it, and what nobody had read is given up.
    assert project.json("reset", "source", "--yes")["truncated"] is True
    run_sql(project, "insert into public.orders (order_id, sum) values (4, 4)")
    project.calve("run")
    assert [row[0] for row in mart(project)] == [1, 2, 4]
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):  # it guards on
        run_sql(project, "update public.audit_log_dml set raw_data = ''")


def test_a_window_is_extracted_again_and_changes_nothing(project):
    project.calve("capture", "install", "--table", "public.orders")
    run_sql(project, "insert into public.orders (order_id, sum) values (1, 1), (2, 2)",
            "update public.orders set sum = 9")
    project.calve("run")
    before = mart(project)
    window = ("extract", "--window", "--data-interval-start", "2020-01-01T00:00:00Z",
              "--data-interval-end", "2100-01-01T00:00:00Z", "--batch-size", "3")
    run_sql(project, "insert into public.orders (order_id, sum) values (3, 3)")
    answer = json.loads(project.calve(*window))
    assert answer["count"] == 2  # five events in files of three
    for key in answer["extracted_files"]:
        project.calve("ingest", "--s3-key", key)
    project.calve("transform")
    assert mart(project) == [*before, (3, 3.0, None)]
    report = project.json("run")  # the cursor did not move: the new row is read once more
    assert report["run"]["extracted_rows"] == 1
    assert mart(project) == orders(project)
    assert failure(project, "extract", "--window")[0] == 2


def test_a_role_that_may_only_read_extracts_and_says_what_the_guard_misses(project):
    run_sql(project, "drop role if exists reader_of_log", "create role reader_of_log login")
    project.calve("capture", "install", "--table", "public.orders", "--role", "reader_of_log")
    run_sql(project, "insert into public.orders (order_id) values (1)")
    owner, reader = project.dsn, project.dsn.replace(f"user={USER}", "user=reader_of_log")
    assert owner != reader
    process = project.start("extract", "--set", f"source.postgres.dsn={reader}")
    stdout, stderr = process.communicate(timeout=60)
    assert json.loads(stdout)["count"] == 1
    assert "guard goes on refusing" in stderr
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
        run_sql(project, "delete from public.audit_log_dml")
    project.calve("extract")  # the owner finds nothing new, and tells the guard
    run_sql(project, "delete from public.audit_log_dml")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        with psycopg.connect(reader) as connection:
            connection.execute("select from public.orders")


def test_rows_that_no_table_can_hold_stop_nothing(project):
    """Their text stays in the landing file; staging and marts quarantine them."""
    run_sql(project, "create table public.audit_log_dml (audit_event_id bigint, "
            "audit_operation text, audit_timestamp timestamptz, tbl_schema text, tbl_name text, "
            "raw_data text)")
    row = "'public', 'orders', '{\"order_id\": %d, \"sum\": 1}')"
    times = ["infinity", "-infinity", "294276-12-31 23:59:59.999999+00", "0044-03-15 BC",
             "2024-01-31 12:00+00"]
    for number, time in enumerate(times):
        run_sql(project, f"insert into public.audit_log_dml values ({number}, 'I', '{time}', "
                + row % number)
    run_sql(project, "insert into public.audit_log_dml values (null, 'I', '2024-02-01Z', "
            + row % 99)
    report = project.json("run")
    assert report["run"]["extracted_rows"] == 6
    assert [key for key, *_ in mart(project)] == [3, 4]
    landed = "".join(path.read_text() for path in (project.folder / "lake").rglob("*.csv"))
    for text in ["infinity", "-infinity", "294276-12-31 23:59:59.999999+00",
                 "0044-03-15 00:00:00+00 BC"]:
        assert f",{text}," in landed
    models = ["stg_ecomm_audit_log_dml", "stg_ecomm_audit_log_dml_orders_flattened"]
    quarantined = {name: sorted(rows(project, f"quarantine.{name}", "audit_event_id",
                                     "column_name")) for name in models}
    assert quarantined == {
        "stg_ecomm_audit_log_dml": [(None, "audit_event_id")],
        "stg_ecomm_audit_log_dml_orders_flattened": [
            (0, "audit_timestamp"), (1, "audit_timestamp"), (2, "audit_timestamp")]}
    assert project.json("run")["run"]["extracted_rows"] == 0


def test_a_pinned_horizon_is_named_with_its_pid_and_age(project):
    """In xmin mode an old transaction holds rows back: status, plan and run say who it is."""
    run_sql(project, "create table public.audit_log_dml (audit_event_id serial primary key, "
            "audit_operation text, audit_timestamp timestamptz, tbl_schema text, tbl_name text, "
            "raw_data text)")
    with psycopg.connect(project.dsn) as old:
        pid = old.info.backend_pid
        old.execute("select pg_current_xact_id()")
        run_sql(project, "insert into public.audit_log_dml (raw_data) values ('{}')")
        for command in ["status", "plan"]:
            horizon = project.json(command)["horizon"]
            assert horizon["pid"] == pid and horizon["holder"] == "backend"
            assert horizon["age_seconds"] >= 0
            assert horizon["rows_behind"] == 1
        old.execute("select pg_sleep(1.1)")  # older than a passing transaction
        process = project.start("extract")
        _, stderr = process.communicate(timeout=60)
        assert f"pid {pid}" in stderr and "1 row" in stderr
        old.rollback()
    assert project.json("plan")["horizon"]["rows_behind"] == 0
    assert json.loads(project.calve("extract"))["count"] == 1


def test_events_are_generated_straight_into_the_source(project):
    shape = ("--events", "3000", "--seed", "7", "--late-per-mille", "100",
             "--repeated-per-mille", "50", "--drift-columns", "2")
    project.calve("generate", "--into-source", "--create-table", "--batch-size", "500", *shape)
    events = "select audit_operation, audit_timestamp, raw_data::jsonb from public.audit_log_dml"
    with project.connect() as connection:
        direct = connection.execute(events + " order by audit_event_id").fetchall()
    run_sql(project, "truncate public.audit_log_dml")
    project.generate_and_load("events.csv", *shape)
    with project.connect() as connection:
        assert connection.execute(events + " order by audit_event_id").fetchall() == direct
        late, repeated = connection.execute(
            "select count(*) filter (where audit_timestamp < before), count(*) - count(distinct "
            "(audit_timestamp, raw_data)) from (select *, lag(audit_timestamp) over (order by "
            "audit_event_id) before from public.audit_log_dml) e").fetchone()
    assert len(direct) == 3000 and late > 100 and repeated > 50
    assert failure(project, "generate", "--events", "1")[0] == 2


LOG = """create table public.audit_log_dml (audit_event_id serial primary key, audit_operation text,
    audit_timestamp timestamptz, tbl_schema text, tbl_name text, raw_data text)"""


def stopped_in_copy(project):
    """An extraction that is stopped (SIGSTOP) while the server sends it rows."""
    process = project.start("extract")
    with project.connect() as connection:
        while not connection.execute("select from pg_stat_activity where query like 'COPY (%' and "
                                     "state = 'active' and pid <> pg_backend_pid()").fetchall():
            assert process.poll() is None, "the extraction was over before it was seen"
            time.sleep(0.001)
    process.send_signal(signal.SIGSTOP)
    return process


@pytest.mark.parametrize("how", ["terminate", "immediate stop"])
def test_a_server_that_goes_away_in_the_middle_of_a_copy(tmp_path, how):
    with PrivatePostgres(settings={"fsync": "off"}) as postgres:
        project = Project(tmp_path / "project", postgres.dsn)
        # More than what any buffer between the two takes.
        run_sql(project, LOG, "insert into public.audit_log_dml (raw_data) "
                "select repeat('x', 1000) from generate_series(1, 60000)")
        process = stopped_in_copy(project)
        if how == "terminate":
            run_sql(project, "select pg_terminate_backend(pid) from pg_stat_activity "
                    "where query like 'COPY (%'")
        else:
            postgres.stop("immediate")
        process.send_signal(signal.SIGCONT)
        _, stderr = process.communicate(timeout=60)
        assert process.returncode == 75
        said = [line for line in stderr.splitlines() if line.startswith("calve: ")]
        assert len(said) == 1 and said[0].startswith(
            "calve: the connection to PostgreSQL was lost: ")
        assert not list((project.folder / "lake").rglob("*.csv"))
        if how != "terminate":
            assert failure(project, "extract")[0] == 75  # still down
            postgres.start()
        answer = project.json("run")
        assert answer["run"]["extracted_rows"] == 60000
