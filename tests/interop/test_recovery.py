"""Lost catalogs, resets, rollbacks, and events that vanish: named, and then made good."""

import json
import shutil
import sqlite3

import pyarrow as pa
import pytest

import oracle
import readers
from project import FLATTENED, KEY_PREFIX, LANDING, ORDERS, STAGED, Failed, Project


@pytest.fixture
def project(tmp_path, server, request):
    """A project of two runs."""
    project = Project(tmp_path / "project", server.create_database(request.node.name))
    project.run_twice(600, 100)
    return project


def check_proven(project):
    """verify and fsck say so, and so does plain SQL."""
    assert project.json("verify")["verify"]["equal"]
    assert project.json("fsck")["fsck"]["clean"]
    with project.connect() as connection:
        for name, query in oracle.TABLES.items():
            if not name.startswith("landing."):
                columns, rows = oracle.rows(connection, query)
                found = readers.pyiceberg_rows(project.catalog().load_table(name), columns)
                assert found == rows


def refused(project, *args):
    """The exit code and message of a command that fails."""
    with pytest.raises(Failed) as failed:
        project.calve(*args)
    return failed.value.code, failed.value.stderr


def add_events(project):
    """More events at the source, then a run."""
    project.generate_and_load("c.csv", "--events", "50", "--seed", "3", "--after", "b.csv")
    project.calve("run")


# Lost catalogs


def test_a_lost_catalog_is_made_again_from_the_newest_metadata(project):
    for file in project.folder.glob("catalog.db*"):
        file.unlink()
    for name in oracle.TABLES:
        project.calve("table", "register", name, "--newest")
    check_proven(project)
    add_events(project)
    check_proven(project)


def test_newest_goes_by_content_not_by_name(project):
    table = project.catalog().load_table(ORDERS)
    current = table.metadata_location.removeprefix("file://")
    folder = current.rsplit("/", 1)[0]
    shutil.move(current, folder + "/00000-old-name.metadata.json")
    shutil.copy(table.metadata.metadata_log[0].metadata_file.removeprefix("file://"),
                folder + "/99999-new-name.metadata.json")
    shown = project.json("table", "register", ORDERS, "--newest", "--yes")
    assert shown["metadata"].endswith("/00000-old-name.metadata.json")


def test_a_pointer_that_is_there_is_replaced_only_with_a_word(project):
    older = project.catalog().load_table(ORDERS).metadata.metadata_log[-1].metadata_file
    code, message = refused(project, "table", "register", ORDERS, older)
    assert code == 2 and "--yes" in message
    project.calve("table", "register", ORDERS, older, "--yes")
    assert project.catalog().load_table(ORDERS).metadata_location == older
    project.calve("run")
    check = project.json("verify")
    assert check["verify"]["equal"]


def test_metadata_of_a_foreign_place_is_refused(project, tmp_path):
    stray = tmp_path / "stray.metadata.json"
    metadata = json.loads(open(project.catalog().load_table(ORDERS).metadata_location
                               .removeprefix("file://")).read())
    metadata["location"] = "file:///elsewhere/orders"
    stray.write_text(json.dumps(metadata))
    code, message = refused(project, "table", "register", ORDERS, str(stray), "--yes")
    assert code == 2 and "outside the warehouse" in message


# Resets


@pytest.mark.parametrize("args", [[], ["-s", "orders"], ["-s", "staging"], ["--landing"],
                                  ["-s", "stg_ecomm_audit_log_dml_orders_flattened"]])
def test_what_is_reset_is_built_again(project, args):
    dropped = project.json("reset", "tables", "--yes", *args)["reset"]
    assert dropped["tables"] and dropped["files_deleted"] > 0
    assert (LANDING in dropped["tables"]) == ("--landing" in args)
    add_events(project)
    check_proven(project)


def test_a_reset_asks_first(project):
    code, message = refused(project, "reset", "tables")
    assert code == 2 and ORDERS in message
    check_proven(project)


def test_a_landing_table_whose_files_are_gone_is_not_reset(project):
    next((project.folder / "lake" / KEY_PREFIX).rglob("*.csv")).unlink()
    code, message = refused(project, "reset", "tables", "--landing", "--yes")
    assert code == 2 and "no longer stored" in message
    check_proven(project)


# Rollbacks and vanished events


def test_a_mart_that_was_rolled_back_catches_up(project):
    first = project.catalog().load_table(ORDERS).snapshots()[0].snapshot_id
    project.calve("table", "rollback", ORDERS, str(first), "--yes")
    assert not_equal(project)
    project.calve("run")
    check_proven(project)


def not_equal(project):
    """verify finds differences, or that the table must catch up first."""
    return refused(project, "verify")[0] in (4, 75)


@pytest.mark.parametrize("name, follower", [(LANDING, STAGED), (STAGED, FLATTENED),
                                            (FLATTENED, ORDERS)])
def test_events_deleted_by_another_engine_are_a_halt_until_a_full_refresh(project, name, follower):
    ids = sorted(project.catalog().load_table(name).scan().to_arrow()["audit_event_id"]
                 .to_pylist())
    project.catalog().load_table(name).delete(f"audit_event_id <= {ids[2]}")
    code, message = refused(project, "run")
    assert code == 1
    assert f"rows_vanished: 3 events that {follower} has consumed are no longer in {name}" in message
    assert f"first audit_event_id {ids[0]}, {ids[1]}, {ids[2]};" in message
    assert refused(project, "run")[0] == 1, "it does not go away by itself"
    project.calve("transform", "--full-refresh")
    project.calve("run")
    left = project.catalog().load_table(ORDERS).scan().to_arrow()["audit_event_id"].to_pylist()
    # What landing lost stays lost; staging and flattened were built again from it.
    assert (not set(ids[:3]) & set(left)) if name == LANDING else verified(project)


def verified(project):
    """Whether verify finds all tables equal."""
    return project.json("verify")["verify"]["equal"]


@pytest.mark.parametrize("name", [LANDING, STAGED, FLATTENED])
def test_a_rewrite_that_keeps_all_events_passes(project, name):
    table = project.catalog().load_table(name)
    table.overwrite(table.scan().to_arrow())
    add_events(project)
    assert project.json("verify")["verify"]["equal"]


def test_an_upstream_that_was_rolled_back_is_a_halt(project):
    first = project.catalog().load_table(STAGED).snapshots()[0].snapshot_id
    project.calve("table", "rollback", STAGED, str(first), "--yes")
    project.calve("run")  # staging reads landing again: all events are back
    check_proven(project)
    first = project.catalog().load_table(LANDING).snapshots()[0].snapshot_id
    project.calve("table", "rollback", LANDING, str(first), "--yes")
    code, message = refused(project, "transform")
    assert code == 1 and "rows_vanished" in message


def test_vanished_events_are_seen_when_the_snapshot_is_gone(project):
    table = project.catalog().load_table(LANDING)
    rows = table.scan().to_arrow()
    schema, spec = table.schema(), table.spec()
    project.catalog().drop_table(LANDING)
    project.catalog().create_namespace_if_not_exists("landing")
    made = project.catalog().create_table(LANDING, schema=schema, partition_spec=spec)
    made.append(rows.slice(10))
    code, message = refused(project, "transform")
    assert code == 1
    assert f"rows_vanished: 10 events that {STAGED} has consumed" in message


def test_a_second_copy_that_goes_is_no_loss(project):
    table = project.catalog().load_table(LANDING)
    copy = table.scan().to_arrow().slice(0, 5)
    at = copy.schema.get_field_index("source_file")
    table.append(copy.set_column(at, copy.schema.field(at),
                                 pa.array(["copy"] * 5, copy.schema.field(at).type)))
    project.calve("transform")
    project.catalog().load_table(LANDING).delete("source_file == 'copy'")
    project.calve("transform")
    check_proven(project)


# doctor


def doctor(project, *args):
    """The checks by name, held against the exit code."""
    try:
        report, code = project.json("doctor", *args), 0
    except Failed as failed:
        report, code = json.loads(failed.stdout), failed.code
    states = {check["check"]: check for check in report["checks"]}
    assert code == (0 if report["doctor"]["healthy"] else 4)
    assert all(check["remedy"] for check in report["checks"] if check["state"] != "good")
    return states


def test_doctor_leaves_no_trace_and_finds_a_healthy_pipeline_healthy(project):
    before = sorted(str(p) for p in project.folder.rglob("*") if p.is_file())
    states = doctor(project)
    assert {name for name, check in states.items() if check["state"] == "failed"} == set()
    assert {"source", "server version", "privileges", "cursor", "horizon", "guard", "clocks",
            "landing storage", "warehouse", "catalog", "contracts", "continuity"} == set(states)
    assert states["privileges"]["state"] == "warning"  # the tests' role is a superuser
    assert states["guard"]["state"] == "warning"
    after = sorted(str(p) for p in project.folder.rglob("*") if p.is_file())
    assert [p for p in after if "catalog.db-" not in p] == [p for p in before
                                                           if "catalog.db-" not in p]
    with sqlite3.connect(project.folder / "catalog.db") as database:
        assert database.execute("select count(*) from iceberg_tables").fetchone() == (5,)


def test_doctor_names_each_broken_part(project):
    states = doctor(project, "--set", "source.postgres.dsn=host=127.0.0.1 port=1",
                    "--set", "landing.uri=/proc/no/such", "--set",
                    "catalog.warehouse=/proc/no/such", "--set", "models=nowhere")
    assert {name for name, check in states.items() if check["state"] == "failed"} == {
        "source", "landing storage", "warehouse", "catalog", "contracts", "continuity"}


def test_doctor_sees_a_role_without_privileges_and_one_with_just_enough(project):
    with project.connect() as connection:
        connection.execute("drop role if exists reader; create role reader login;"
                           "grant connect on database postgres to reader")
        dsn = project.dsn.replace("user=calve", "user=reader")
        states = doctor(project, "--set", f"source.postgres.dsn={dsn}")
        assert states["source"]["state"] == "failed"
        assert "GRANT SELECT ON public.audit_log_dml TO reader" in states["source"]["detail"]
        connection.execute("grant select on audit_log_dml to reader")
        states = doctor(project, "--set", f"source.postgres.dsn={dsn}")
        assert states["privileges"]["state"] == "good"
        connection.execute("drop owned by reader; drop role reader")


def test_doctor_sees_rows_that_are_lost(project):
    with project.connect() as connection:
        connection.execute("truncate audit_log_dml restart identity")
    states = doctor(project)
    assert states["continuity"]["state"] == "failed"
    assert "audit_rows_lost" in states["continuity"]["detail"]
