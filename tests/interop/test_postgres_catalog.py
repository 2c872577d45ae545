"""The catalog in PostgreSQL: shared with PyIceberg, raced for, cut off at COMMIT, restarted."""

import concurrent.futures
import itertools
import json
import threading

import psycopg
import pytest
from pyiceberg.exceptions import CommitFailedException

import oracle
import readers
from postgres import USER, PrivatePostgres
from project import FOUND_SOMETHING, KEY_PREFIX, LANDING, ORDERS, Failed, Project
from tcp_proxy import CommitCutter, Cut

PASSWORD = "canary-71c3"  # the test server takes any; no output may hold it
TRY_AGAIN = 75
NUMBERS = itertools.count()


def catalog_uri(port, database):
    return f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{port}/{database}"


def new_database(server):
    """An empty database for a catalog."""
    name = f"iceberg_{next(NUMBERS)}"
    server.postgres.execute(f"create database {name}")
    return name


@pytest.fixture
def project(tmp_path, server):
    """A project with 2,000 events at its source, its catalog in a fresh database."""
    made = Project(tmp_path / "project", server.create_database("source"),
                   catalog_uri(server.postgres.port, new_database(server)))
    made.generate_and_load("events.csv", "--events", "2000", "--seed", "1")
    return made


def assert_equal_to_plain_sql(project, doubled_in_landing=()):
    catalog = project.catalog()
    with project.connect() as connection:
        for name, query in oracle.TABLES.items():
            columns, rows = oracle.rows(connection, query)
            if name == LANDING:
                rows = sorted(rows + [row for row in rows if row[0] in doubled_in_landing])
            assert readers.pyiceberg_rows(catalog.load_table(name), columns) == rows, name


def rows_of_catalog(project):
    with psycopg.connect(project.catalog_uri) as connection:
        return connection.execute("select table_namespace || '.' || table_name, catalog_name,"
                                  " iceberg_type from iceberg_tables order by 1").fetchall()


def test_pyiceberg_shares_the_catalog_while_calve_writes(project):
    project.calve("run")
    landing = project.catalog().load_table(LANDING)
    event = landing.scan(row_filter="audit_event_id = 7").to_arrow()
    landing.append(event)  # redelivered by another engine
    project.generate_and_load("more.csv", "--events", "1000", "--seed", "2", "--after",
                              "events.csv")
    project.calve("run")
    project.catalog().load_table(ORDERS).transaction().set_properties(
        {"owner": "someone"}).commit_transaction()
    project.generate_and_load("yet.csv", "--events", "500", "--seed", "3", "--after", "more.csv")
    project.calve("run")
    assert_equal_to_plain_sql(project, doubled_in_landing=[7])
    assert project.catalog().load_table(ORDERS).properties["owner"] == "someone"
    assert {("lake", "TABLE")} == {row[1:] for row in rows_of_catalog(project)}
    assert project.json("verify")["verify"]["equal"] is True
    project.calve("fsck")


def test_pyiceberg_commits_to_the_same_tables_during_our_runs(project):
    project.calve("run")
    stop = threading.Event()
    won = []

    def commit():
        catalog = project.catalog()
        for number in itertools.count():
            if stop.wait(0.05):
                return
            name = (ORDERS, LANDING)[number % 2]
            try:
                catalog.load_table(name).transaction().set_properties(
                    {"touched": str(number)}).commit_transaction()
                won.append(name)
            except CommitFailedException:
                pass

    with concurrent.futures.ThreadPoolExecutor() as pool:
        other = pool.submit(commit)
        try:
            for run in range(2):
                project.generate_and_load(f"d{run}.csv", "--events", "300", "--seed", str(run),
                                          "--after", "events.csv")
                project.calve("run")
        finally:
            stop.set()
        other.result()
    assert {ORDERS, LANDING} == set(won)
    assert "touched" in project.catalog().load_table(ORDERS).properties
    assert_equal_to_plain_sql(project)


def test_tables_that_pyiceberg_made_are_taken(project):
    """PyIceberg makes the database's tables, and a namespace of its own beside ours."""
    catalog = project.catalog()
    catalog.create_namespace("landing")
    catalog.create_namespace("theirs")
    project.calve("run")
    assert ("theirs",) in catalog.list_namespaces()
    assert ("marts", "orders") in catalog.list_tables("marts")
    assert_equal_to_plain_sql(project)


def test_eight_ingests_and_two_transforms_at_once_lose_and_double_nothing(project):
    keys = project.json("extract", "--batch-size", "250")["extracted_files"]
    assert len(keys) == 8
    processes = [project.start("ingest", "--s3-key", key) for key in keys]
    processes += [project.start("transform") for _ in range(2)]
    for process in processes:
        _, said = process.communicate(timeout=300)
        # A transform that came before the landing table has nothing to read.
        assert process.returncode == 0 or "landing" in said, said
    project.calve("transform")
    assert_equal_to_plain_sql(project)


class Behind:
    """The project's command line with its catalog behind a proxy."""

    def __init__(self, project, proxy):
        server = psycopg.conninfo.conninfo_to_dict(project.catalog_uri)
        self.project = project
        self.uri = catalog_uri(proxy.port, server["dbname"]) + "?sslmode=disable"

    def start(self, *args):
        return self.project.start("--set", f"catalog.uri={self.uri}", *args)

    def run(self, *args):
        """Returns exit code and standard error."""
        process = self.start(*args)
        _, said = process.communicate(timeout=300)
        assert PASSWORD not in said
        return process.returncode, said


@pytest.fixture
def small(tmp_path, server):
    """Makes projects of 200 events, each with fresh databases."""
    def make():
        number = next(NUMBERS)
        made = Project(tmp_path / f"small_{number}", server.create_database("small"),
                       catalog_uri(server.postgres.port, new_database(server)))
        made.generate_and_load("events.csv", "--events", "200", "--seed", str(number))
        return made
    return make


@pytest.mark.parametrize("cut", Cut)
def test_a_cut_at_any_commit_of_a_run_loses_and_doubles_nothing(small, server, cut):
    for at in itertools.count(1):
        project = small()
        with CommitCutter(server.postgres.port, cut, at) as proxy:
            code, said = Behind(project, proxy).run("run")
        # A commit that is lost before it reached the server is for the caller to repeat;
        # one whose reply is lost is found to have happened.
        expected = (0,) if proxy.cuts == 0 or cut is Cut.REPLY else (0, TRY_AGAIN)
        assert code in expected, said
        if code == TRY_AGAIN:
            assert "nothing was committed" in said
            project.calve("run")
        assert_equal_to_plain_sql(project)
        if proxy.cuts == 0:
            break
    assert at > 3


def test_eight_ingests_whose_replies_are_cut_lose_and_double_nothing(project, server):
    keys = project.json("extract", "--batch-size", "250")["extracted_files"]
    with CommitCutter(server.postgres.port, Cut.REPLY, lambda n: n % 3 == 0) as proxy:
        behind = Behind(project, proxy)
        processes = [behind.start("ingest", "--s3-key", key) for key in keys]
        for process in processes:
            _, said = process.communicate(timeout=300)
            assert process.returncode == 0, said
    assert proxy.cuts >= 3
    project.calve("transform")
    assert_equal_to_plain_sql(project)


def test_a_server_that_restarts_is_named_and_the_next_run_goes_on(tmp_path, server):
    with PrivatePostgres(database="iceberg") as postgres:
        project = Project(tmp_path / "project", server.create_database("restart"),
                          catalog_uri(postgres.port, "iceberg"))
        project.generate_and_load("events.csv", "--events", "500", "--seed", "5")
        project.calve("run")
        postgres.stop()
        with pytest.raises(Failed) as down:
            project.calve("run")
        assert down.value.code == TRY_AGAIN
        assert "the catalog's database: PostgreSQL can't be reached" in down.value.stderr
        assert PASSWORD not in down.value.stderr
        postgres.start()
        project.generate_and_load("more.csv", "--events", "300", "--seed", "6", "--after",
                                  "events.csv")
        project.calve("run")
        assert_equal_to_plain_sql(project)


def test_rollback_register_and_reset_work_on_it(project):
    project.calve("run")
    project.generate_and_load("more.csv", "--events", "500", "--seed", "2", "--after",
                              "events.csv")
    project.calve("run")
    before = project.catalog().load_table(ORDERS)
    first = before.history()[0].snapshot_id
    project.calve("table", "rollback", ORDERS, str(first), "--yes")
    assert project.catalog().load_table(ORDERS).current_snapshot().snapshot_id == first
    project.calve("table", "register", ORDERS, before.metadata_location, "--yes")
    assert project.catalog().load_table(ORDERS).metadata_location == before.metadata_location
    with psycopg.connect(project.catalog_uri) as connection:
        connection.execute("delete from iceberg_tables where table_name = 'orders'")
    project.calve("table", "register", ORDERS, "--newest", "--yes")
    project.calve("run")
    assert_equal_to_plain_sql(project)
    project.calve("reset", "tables", "--yes")
    project.calve("run")
    assert_equal_to_plain_sql(project)


def checks_of(project, *args):
    """Doctor's checks by name, and its exit code."""
    process = project.start("-o", "json", *args, "doctor")
    stdout, said = process.communicate(timeout=60)
    assert PASSWORD not in stdout + said
    return {check["check"]: check for check in json.loads(stdout)["checks"]}, process.returncode


def test_doctor_tries_the_catalog_and_names_what_is_wrong(project, server):
    checks, _ = checks_of(project)
    assert checks["catalog"]["state"] == "good"
    port = server.postgres.port
    for uri, part in [
            (catalog_uri(port, "no_such"), 'database "no_such" does not exist'),
            (catalog_uri(1, "iceberg"), "check that it runs, and its host and port"),
            (catalog_uri(port, "postgres") + "?sslmode=require", "does not support SSL"),
            (catalog_uri(port, "postgres") + "?connect_timeout=x", "connect_timeout")]:
        checks, code = checks_of(project, "--set", f"catalog.uri={uri}")
        assert code == FOUND_SOMETHING
        assert checks["catalog"]["state"] == "failed"
        assert part in checks["catalog"]["detail"]


def test_doctor_tells_which_grant_a_role_lacks(project, server):
    name = new_database(server)
    server.postgres.execute("revoke create on schema public from public;"
                            " create role newcomer login", database=name)
    uri = f"postgresql://127.0.0.1:{server.postgres.port}/{name}"
    checks, code = checks_of(project, "--set", f"catalog.uri={uri}", "--set",
                             "catalog.user=newcomer", "--set", f"catalog.password={PASSWORD}")
    assert code == FOUND_SOMETHING
    assert "GRANT CREATE ON SCHEMA public TO newcomer" in checks["catalog"]["detail"]


def test_sqlalchemys_spelling_opens_the_same_catalog(project):
    project.calve("run")
    plain = project.json("table", "ls")
    uri = project.catalog_uri.replace("postgresql://", "postgresql+psycopg2://")
    assert project.json("--set", f"catalog.uri={uri}", "table", "ls") == plain != []


def test_an_extraction_needs_no_catalog(project):
    """What does not touch tables runs while the catalog is away."""
    done = project.json("--set", "catalog.uri=postgresql://127.0.0.1:1/x", "extract")
    assert done["extracted_files"][0].startswith(KEY_PREFIX)
