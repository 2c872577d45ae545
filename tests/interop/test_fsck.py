"""fsck: silent on a healthy pipeline, and finds just the damage that was planted."""

import json
import pathlib
import re
import shutil
import sqlite3

import pyarrow as pa
import pytest

from project import (FLATTENED, FOUND_SOMETHING, HISTORY, KEY_PREFIX, LANDING, ORDERS, STAGED,
                     Failed, Project)


@pytest.fixture
def project(tmp_path, server, request):
    """A project of two runs, with delete files."""
    project = Project(tmp_path / "project", server.create_database(request.node.name))
    project.run_twice(600, 100)
    return project


def fsck(project):
    """The report, held against the exit code."""
    try:
        report, code = project.json("fsck"), 0
    except Failed as failed:
        report, code = json.loads(failed.stdout), failed.code
    assert code == (FOUND_SOMETHING if report["findings"] else 0)
    assert report["fsck"]["clean"] == (code == 0)
    return report


def found(project):
    """Subject and name of each finding; each has a remedy."""
    findings = fsck(project)["findings"]
    assert all(f["remedy"] for f in findings)
    return [(f["subject"], f["finding"]) for f in findings]


def data_files(project, name):
    """Live data files of a table, as PyIceberg plans them."""
    return [pathlib.Path(task.file.file_path.removeprefix("file://"))
            for task in project.catalog().load_table(name).scan().plan_files()]


def metadata_file(project, name):
    """The table's current metadata file."""
    return pathlib.Path(project.catalog().load_table(name).metadata_location
                        .removeprefix("file://"))


def edit_metadata(project, name, edit):
    """Puts an edited copy of the metadata under the current name."""
    file = metadata_file(project, name)
    metadata = json.loads(file.read_text())
    edit(metadata)
    file.write_text(json.dumps(metadata))


def test_a_healthy_pipeline_is_clean(project):
    report = fsck(project)
    assert report["findings"] == [] and report["orphan_files"] == []
    assert report["fsck"]["tables"] == 5 and report["fsck"]["files"] > 40
    assert report["fsck"]["landing_files"] == report["fsck"]["ledger_entries"] == 2


@pytest.mark.parametrize("damage, finding", [
    (lambda file: file.unlink(), "file_missing"),
    (lambda file: file.write_bytes(file.read_bytes()[:-10]), "size_differs"),
    (lambda file: file.write_bytes(b"x" * file.stat().st_size), "rows_differ"),
])
def test_damaged_data_files_are_named(project, damage, finding):
    damage(data_files(project, ORDERS)[0])
    assert found(project) == [(ORDERS, finding)]


def test_two_files_that_were_swapped_are_named(project):
    a, b = data_files(project, STAGED)[:2]
    spare = a.with_suffix(".spare")
    a.rename(spare)
    b.rename(a)
    spare.rename(b)
    names = found(project)
    assert names and {subject for subject, _ in names} == {STAGED}


@pytest.mark.parametrize("pattern", ["snap-*.avro", "*.avro"])
def test_truncated_manifests_and_lists_are_findings(project, pattern):
    folder = metadata_file(project, HISTORY).parent
    files = sorted(folder.glob(pattern))
    for file in files:
        file.write_bytes(file.read_bytes()[:40])
    names = {name for subject, name in found(project) if subject == HISTORY}
    assert names & {"unreadable", "size_differs"}


def test_a_missing_older_metadata_file_is_named(project):
    current = metadata_file(project, ORDERS)
    older = next(file for file in current.parent.glob("*.metadata.json") if file != current)
    older.unlink()
    assert found(project) == [(ORDERS, "file_missing")]


def test_cyclic_parents_are_a_finding(project):
    def tie(metadata):
        snapshots = metadata["snapshots"]
        snapshots[0]["parent-snapshot-id"] = snapshots[-1]["snapshot-id"]
    edit_metadata(project, ORDERS, tie)
    assert found(project) == [(ORDERS, "metadata_unreadable")]


def test_paths_outside_the_warehouse_are_never_opened(project):
    def point_away(metadata):
        metadata["snapshots"][0]["manifest-list"] = "file:///etc/passwd"
    edit_metadata(project, ORDERS, point_away)
    assert found(project) == [(ORDERS, "outside_table")]


def test_a_table_location_outside_the_warehouse_is_a_finding(project):
    edit_metadata(project, ORDERS, lambda m: m.update(location="file:///etc"))
    assert (ORDERS, "outside_warehouse") in found(project)


def test_dotted_paths_do_not_escape(project):
    def climb(metadata):
        metadata["snapshots"][0]["manifest-list"] = (
            metadata["location"] + "/../../../../../../../../etc/passwd")
    edit_metadata(project, ORDERS, climb)
    assert found(project) == [(ORDERS, "outside_table")]


def test_a_summary_that_miscounts_is_named(project):
    edit_metadata(project, ORDERS, lambda m: m["snapshots"][-1]["summary"].update(
        {"total-records": "7"}))
    assert found(project) == [(ORDERS, "summary_differs")]


def test_a_forged_marker_is_named(project):
    def forge(metadata):
        for holder in [metadata["properties"], *[s["summary"] for s in metadata["snapshots"]]]:
            for key in [k for k in holder if k.startswith("calve.applied.")]:
                holder[key] = re.sub(r'"own-snapshot-id":\d+', '"own-snapshot-id":1', holder[key])
    edit_metadata(project, ORDERS, forge)
    assert found(project) == [(ORDERS, "marker_not_true")]


def test_a_marker_of_a_snapshot_that_never_was_is_named(project):
    def forge(metadata):
        for holder in [metadata["properties"], *[s["summary"] for s in metadata["snapshots"]]]:
            for key in [k for k in holder if k.startswith("calve.applied.")]:
                holder[key] = re.sub(r'"snapshot-id":\d+', '"snapshot-id":1', holder[key])
    edit_metadata(project, FLATTENED, forge)
    assert found(project) == [(FLATTENED, "marker_without_snapshot")]


@pytest.mark.parametrize("name", [STAGED, FLATTENED, ORDERS, HISTORY])
def test_a_rollback_is_named_until_a_run_has_caught_up(project, name):
    first = project.catalog().load_table(name).snapshots()[0].snapshot_id
    project.calve("table", "rollback", name, str(first), "--yes")
    assert (name, "marker_undone") in found(project)
    project.calve("run")
    assert found(project) == []


def test_a_consumed_snapshot_that_was_expired_is_no_finding_after_a_run(project):
    for seed in ("3", "4"):
        project.generate_and_load("c.csv", "--events", "100", "--seed", seed, "--after", "b.csv")
        project.calve("run")
    project.calve("--set", "maintenance.files_per_merge=2", "maintain", "compact")
    table = project.catalog().load_table(LANDING)
    assert table.current_snapshot().summary.operation.value == "replace"
    table.maintenance.expire_snapshots().by_ids(
        [s.snapshot_id for s in table.snapshots() if s != table.current_snapshot()]).commit()
    project.calve("run")  # can't tell what is new, and reads landing again
    assert found(project) == []


def test_an_event_that_is_stored_twice_is_named(project):
    table = project.catalog().load_table(FLATTENED)
    table.append(table.scan().to_arrow().slice(3, 1))
    assert found(project) == [(FLATTENED, "event_id_repeated")]


def shift_an_end(rows, microseconds):
    """The history rows, one end moved."""
    at = rows["is_current"].to_pylist().index(False)
    ends = rows["valid_to"].cast(pa.int64()).to_pylist()
    ends[at] += microseconds
    field = rows.schema.field("valid_to")
    return rows.set_column(rows.schema.get_field_index("valid_to"), field,
                           pa.array(ends, pa.int64()).cast(field.type))


@pytest.mark.parametrize("shift, finding", [(1, "history_overlap"), (-1, "history_gap")])
def test_tiles_that_do_not_fit_are_named(project, shift, finding):
    table = project.catalog().load_table(HISTORY)
    table.overwrite(shift_an_end(table.scan().to_arrow(), shift))
    assert found(project) == [(HISTORY, finding)]


def test_two_current_versions_are_named(project):
    table = project.catalog().load_table(HISTORY)
    rows = table.scan().to_arrow()
    at = rows["is_current"].to_pylist().index(False)
    values = rows["is_current"].to_pylist()
    values[at] = True
    table.overwrite(rows.set_column(rows.schema.get_field_index("is_current"),
                                    rows.schema.field("is_current"), pa.array(values)))
    assert found(project) == [(HISTORY, "history_two_current")]


def landing_files(project):
    """The CSV files, oldest first."""
    return sorted((project.folder / "lake" / KEY_PREFIX).rglob("*.csv"),
                  key=lambda file: file.stat().st_mtime)


def test_a_changed_landing_file_is_named(project):
    file = landing_files(project)[0]
    file.write_text(file.read_text().replace("order", "0rder", 1))
    assert found(project) == [("ledger", "landing_file_changed")]


def test_an_archived_landing_file_is_no_fault(project):
    landing_files(project)[0].unlink()
    report = fsck(project)
    assert report["findings"] == [] and report["fsck"]["landing_files_archived"] == 1


def test_a_landing_file_that_is_nowhere_is_named(project):
    project.generate_and_load("c.csv", "--events", "20", "--seed", "3", "--after", "b.csv")
    project.calve("extract")
    assert fsck(project)["fsck"]["landing_files_waiting"] == 1
    landing_files(project)[-1].unlink()
    assert found(project) == [("ledger", "landing_file_missing")]


def test_rows_that_left_the_landing_table_are_named(project):
    project.catalog().load_table(LANDING).delete("audit_event_id <= 5")
    assert ("ledger", "landing_rows_differ") in found(project)


def test_gaps_and_garbage_in_the_ledger_are_named(project):
    project.generate_and_load("c.csv", "--events", "20", "--seed", "3", "--after", "b.csv")
    project.calve("run")
    entries = sorted((project.folder / "lake" / KEY_PREFIX / "_calve/extractions").iterdir())
    entries[1].unlink()
    entries[2].write_text("{")
    names = [name for _, name in found(project)]
    assert names == ["ledger_gap", "ledger_unreadable"]


def test_orphans_are_listed_and_no_fault(project):
    table = metadata_file(project, ORDERS).parent.parent
    shutil.copy(data_files(project, ORDERS)[0], table / "data" / "stray.parquet")
    stray = landing_files(project)[0].with_name("stray.csv")
    stray.write_text("x")
    report = fsck(project)
    assert report["findings"] == []
    assert sorted(pathlib.Path(o["file"]).name for o in report["orphan_files"]) == [
        "stray.csv", "stray.parquet"]
    assert all(o["age_seconds"] >= 0 for o in report["orphan_files"])


def test_tables_that_the_catalog_lost_are_named_with_the_remedy(project):
    with sqlite3.connect(project.folder / "catalog.db") as database:
        database.execute("delete from iceberg_tables where table_name = 'orders'")
    findings = fsck(project)["findings"]
    assert [(f["subject"], f["finding"], f["remedy"]) for f in findings] == [
        (ORDERS, "not_in_catalog", "calve table register marts.orders --newest")]
