"""What dbt on Trino does when it is repeated, cut short, run twice at once, or can't go on."""

import json
import re
import threading
import time
import urllib.request

import pytest

from chain import Chain
from dbt_project import DbtFailed
from project import FLATTENED, HISTORY, ORDERS, STAGED
from test_dbt import MODELS, STAGING_YML, check_same, dbt_of, keep_to_the_contract


class Warehouse:
    """A chain with a first load, transformed by both engines.

    Attributes: `chain`, `dbt`, `trino_url`.
    """

    def __init__(self, folder, local_stack, name):
        self.chain = Chain(folder / "chain", local_stack, name)
        keep_to_the_contract(self.chain)
        self.dbt = dbt_of(self.chain, local_stack)
        self.trino_url = local_stack.up("trino")["url"]
        self._files = []
        self.load(2_000)
        self.dbt.run("run")

    def load(self, events):
        """Loads so many events at the source, and lands and transforms them natively."""
        name = f"events-{len(self._files)}.csv"
        self.chain.generate_and_load(name, "--events", str(events), "--seed", str(len(self._files)),
                                     "--late-per-mille", "50",
                                     *(["--after", self._files[-1]] if self._files else []))
        self._files.append(name)
        self.chain.calve("run")

    def tip(self, model):
        """The snapshot of dbt's table of a model."""
        schema, table = model.split(".")
        return self.chain.trino.rows(
            f"select snapshot_id from dbt_{schema}.\"{table}$refs\" where name = 'main'")[0][0]

    def tips(self):
        return {model: self.tip(model) for model in MODELS}

    def progress(self, model):
        """What dbt recorded of a model, as it stands in the table's properties."""
        schema, table = model.split(".")
        return self.chain.trino.rows(f"select value from dbt_{schema}.\"{table}$properties\""
                                     " where key = 'calve.dbt.progress'")[0][0]

    def record(self, model, progress):
        """Puts an earlier record in place: as if dbt had died before it wrote the later one."""
        self.chain.trino.rows(f"alter table dbt_{model} set properties extra_properties ="
                              f" map(array['calve.dbt.progress'], array['{progress}'])")

    def edit(self, path, old, new):
        """Edits a file of the dbt project; returns its text as it was."""
        file = self.dbt.folder / path
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))
        return text

    def written(self):
        """Bytes that the newest snapshot of each of dbt's tables added."""
        sizes = {}
        for model in MODELS:
            schema, table = model.split(".")
            sizes[model] = int(self.chain.trino.rows(
                f"select element_at(summary, 'added-files-size') from dbt_{schema}.\"{table}$snapshots\""
                " order by committed_at desc limit 1")[0][0])
        return sizes

    def modes(self, *arguments):
        """Runs dbt; returns the mode that each of Calve's models was planned in."""
        return {name: json.loads(re.search(r"/\* calve (.*) \*/", one["compiled_code"])[1])["mode"]
                for name, one in self.dbt.run(*arguments).items()}

    def merges(self):
        """Trino's own account of the newest MERGE into each of dbt's tables, by model."""
        found = {}
        for query in sorted(self._ask("/v1/query"), key=lambda one: one["queryId"]):
            node = re.search(r'"node_id": "model\.\w+\.(\w+)"', query["query"])
            if node and re.search(r"merge into \"?\w+\"?\.\"?dbt_(staging|marts)", query["query"]):
                found[node[1]] = query["queryId"]
        return {model: self._ask(f"/v1/query/{found[model]}") for model in found}

    def read(self):
        """Bytes that the newest MERGE into each of dbt's tables read from tables."""
        return {model: int(merge["queryStats"]["physicalInputDataSize"].removesuffix("B"))
                for model, merge in self.merges().items()}

    def columns_read(self):
        """The columns that the newest MERGE into each of dbt's tables read of that table."""
        return {model: {column["name"] for one in merge["inputs"] if one["table"] == model
                        for column in one["columns"]} - {"$row_id"}
                for model, merge in self.merges().items()}

    def _ask(self, path):
        with urllib.request.urlopen(urllib.request.Request(
                self.trino_url + path, headers={"X-Trino-User": "calve"})) as reply:
            return json.load(reply)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory, local_stack):
    """One warehouse for all tests here; each leaves both engines with the same rows."""
    return Warehouse(tmp_path_factory.mktemp("dbt"), local_stack, "runs")


def test_a_repeat_changes_nothing_whatever_was_recorded(warehouse):
    before = {model: warehouse.progress(model) for model in MODELS}
    warehouse.load(300)
    with pytest.raises(AssertionError, match="rows that only native"):
        check_same(warehouse.chain)
    warehouse.dbt.run("run")
    check_same(warehouse.chain)

    tips = warehouse.tips()
    assert not any(warehouse.dbt.changed().values())
    assert warehouse.tips() == tips
    for model in MODELS:
        warehouse.record(model, before[model])
    assert not any(warehouse.dbt.changed().values())
    for model in MODELS:
        warehouse.record(model, "{}")
    assert not any(warehouse.dbt.changed().values())
    assert warehouse.tips() == tips
    check_same(warehouse.chain)


def test_a_rollback_by_others_is_noticed_and_caught_up_with(warehouse):
    before = warehouse.tips()
    warehouse.load(300)
    warehouse.dbt.run("run")
    for model in (FLATTENED, ORDERS, HISTORY):
        warehouse.chain.trino.rows(
            f"alter table dbt_{model} execute rollback_to_snapshot({before[model]})")
    warehouse.dbt.run("run")
    check_same(warehouse.chain)


def test_what_expired_unread_is_caught_up_with(warehouse):
    """By whoever expires snapshots without a look at what dbt has read."""
    warehouse.load(300)
    warehouse.dbt.run("run", "--select", "staging")
    trino = warehouse.chain.trino
    trino.rows(f"alter table dbt_{FLATTENED} execute expire_snapshots(retention_threshold => '0s')")
    assert warehouse.modes("run", "--select", "marts") == {"orders": "scan", "orders_history_scd2": "scan"}
    check_same(warehouse.chain)
    trino.rows(f"alter table dbt_{FLATTENED} execute optimize")
    assert set(warehouse.modes("run").values()) == {"none"}
    warehouse.load(300)
    trino.rows(f"alter table dbt_{ORDERS} execute optimize")
    assert set(warehouse.modes("run").values()) == {"changes"}
    check_same(warehouse.chain)


def test_events_that_left_the_upstream_are_a_halt_until_a_full_refresh(warehouse):
    trino = warehouse.chain.trino
    gone = f"delete from dbt_{STAGED} where audit_event_id = 17"
    trino.rows(gone)
    with pytest.raises(DbtFailed) as failed:
        warehouse.dbt.run("run", "--select", "stg_ecomm_audit_log_dml_orders_flattened")
    assert "rows_vanished: 1 events of" in str(failed.value) and "event 17" in str(failed.value)
    warehouse.dbt.run("run", "--full-refresh")
    check_same(warehouse.chain)


def test_what_the_contract_forbids_halts_before_anything_is_written(warehouse):
    tips = warehouse.tips()
    flattened = FLATTENED.split(".")[1]
    for old, new, message in (
            ("schema_evolution: contract", "schema_evolution: fail", "new_field: model"),
            ("schema_evolution: contract\n          on_violation: quarantine",
             "schema_evolution: contract\n          on_violation: fail", "violation: "),
            ("data_type: double", "data_type: bigint", "contract_changed: ")):
        with warehouse.chain.connect() as connection:
            connection.execute(
                "insert into audit_log_dml (audit_operation, audit_timestamp, tbl_schema, tbl_name,"
                """ raw_data) values ('I', now(), 'public', 'orders', '{"order_id": 1, "colour": 2}'),"""
                """ ('I', now(), 'public', 'orders', '{"order_id": "none"}')""")
        warehouse.chain.calve("run")
        text = warehouse.edit(STAGING_YML, old, new)
        try:
            with pytest.raises(DbtFailed) as failed:
                warehouse.dbt.run("run", "--select", "staging")
            assert message in str(failed.value.messages[flattened])
        finally:
            (warehouse.dbt.folder / STAGING_YML).write_text(text)
        assert warehouse.tip(FLATTENED) == tips[FLATTENED]
    warehouse.dbt.run("run")
    check_same(warehouse.chain)


def test_what_is_read_and_written_follows_the_change_and_not_the_table(warehouse):
    """Staging tables are not read at all for new events; marts are, in the range of their keys."""
    warehouse.load(500)
    warehouse.dbt.run("run")
    small = warehouse.written()
    warehouse.load(20_000)
    warehouse.dbt.run("run")
    warehouse.load(500)
    warehouse.dbt.run("run")
    written, read = warehouse.written(), warehouse.read()
    size = warehouse.chain.trino.rows("select sum(file_size_in_bytes) from"
                                      " dbt_staging.\"stg_ecomm_audit_log_dml$files\"")[0][0]
    print("table", size, "read", read, "written", written, "written when it was small", small)
    for model in MODELS:
        assert written[model] < min(2 * small[model], size / 5)
    for model in (STAGED, FLATTENED):
        assert read[model.split(".")[1]] < size / 100
    check_same(warehouse.chain)


def test_without_a_delete_only_keys_and_order_columns_of_the_current_state_are_read(warehouse):
    changed = ("insert into audit_log_dml (audit_operation, audit_timestamp, tbl_schema, tbl_name,"
               " raw_data) select '{}', now(), tbl_schema, tbl_name, raw_data from audit_log_dml"
               " where audit_operation = 'U' and raw_data like '{{%' order by audit_event_id limit 3")
    orders, columns = ORDERS.split(".")[1], []
    for operation in "UD":
        with warehouse.chain.connect() as connection:
            connection.execute(changed.format(operation))
        warehouse.chain.calve("run")
        warehouse.dbt.run("run")
        columns.append(warehouse.columns_read()[orders])
        check_same(warehouse.chain)
    assert columns[0] == {"order_id", "audit_timestamp", "audit_event_id"}
    assert columns[1] > columns[0]


def test_a_trino_that_doubles_rows_is_refused(warehouse):
    said = "trino_version: Trino 477 writes rows twice"
    for version, refused in (("476", False), ("477", True), ("477-e.1", True), ("1477", False)):
        process = warehouse.dbt.start("run-operation", "calve.check_trino", "--args",
                                      json.dumps({"version": version}))
        output, _ = process.communicate()
        assert (process.returncode != 0, said in output) == (refused, refused), output


@pytest.mark.slow
def test_runs_at_once_and_runs_that_are_killed_leave_the_same_rows(warehouse):
    for number in range(6):
        warehouse.load(300)
        pair = [warehouse.dbt.start("run", "--target-path", f"target-{one}") for one in range(2)]
        if number % 2:
            time.sleep(6 + 2 * number)
            for process in pair:
                process.kill()
        codes = [(process.communicate()[0], process.returncode)[1] for process in pair]
        assert number % 2 or 0 in codes
        warehouse.dbt.run("run")
        check_same(warehouse.chain)


@pytest.mark.slow
def test_a_full_refresh_never_leaves_readers_without_the_table(warehouse):
    counts = set()
    stop = threading.Event()

    def read():
        while not stop.is_set():
            counts.update(warehouse.chain.trino.rows(f"select count(*) from dbt_{HISTORY}"))
    reader = threading.Thread(target=read)
    reader.start()
    try:
        warehouse.dbt.run("run", "--full-refresh")
    finally:
        stop.set()
        reader.join()
    assert len(counts) == 1 and counts.pop()[0] > 2_000
    check_same(warehouse.chain)


def test_a_model_of_ones_own_is_merged_by_its_key_order_and_deletes(warehouse):
    """As docs/dbt.md shows it: a key as text, an order, a condition under which rows delete."""
    (warehouse.dbt.folder / "models" / "marts" / "visits.sql").write_text("""
        {{ config(materialized='trino_incremental_always_merge', unique_key='visitor',
                  order_by=['seen_at'], delete_when='s.is_gone', contract={'enforced': false}) }}
        select * from (values {{ var('visits') }}) as v (visitor, seen_at, is_gone, place)""")

    def rows_after(*visits):
        rows = ", ".join(f"({visitor}, timestamp '2026-01-01 0{hour}:00:00 UTC', {gone}, '{place}')"
                         for visitor, hour, gone, place in visits)
        warehouse.dbt.run("run", "--select", "visits", "--vars", json.dumps({"visits": rows}))
        return warehouse.chain.trino.rows("select visitor, place from dbt_marts.visits order by 1")
    first = [(1, 5, "false", "a"), (2, 5, "true", "b")]
    assert rows_after(*first) == [(1, "a")]
    assert rows_after((1, 4, "false", "old"), (3, 5, "false", "c"), (4, 6, "true", "d")) == [
        (1, "a"), (3, "c")]
    assert rows_after((1, 5, "true", "no later"), (3, 6, "false", "new")) == [(1, "a"), (3, "new")]
    assert rows_after((1, 6, "true", "gone")) == [(3, "new")]


@pytest.mark.slow
def test_columns_of_a_model_of_ones_own_follow_its_sql(warehouse):
    """As in dbt's incremental models, whatever on_schema_change says; by name, never by place."""
    def run(columns, approach, *arguments):
        names, values = zip(*columns.items())
        (warehouse.dbt.folder / "models" / "marts" / "shapes.sql").write_text(f"""
            {{{{ config(materialized='trino_incremental_always_merge', unique_key='id',
                      on_schema_change='{approach}', contract={{'enforced': false}}) }}}}
            select * from (values ({", ".join(values)})) as v ({", ".join(names)})""")
        warehouse.dbt.run("run", "--select", "shapes", *arguments)
        trino = warehouse.chain.trino
        assert not trino.rows("show tables from dbt_marts like 'shapes\\_\\_%' escape '\\'")
        stored = [row[:2] for row in trino.rows("show columns from dbt_marts.shapes")]
        return dict(stored), trino.rows(
            f"select {', '.join(name for name, _ in stored)} from dbt_marts.shapes order by id")

    first = {"id": "bigint", "a": "varchar"}
    assert run({"id": "bigint '1'", "a": "varchar 'x'"}, "ignore") == (first, [(1, "x")])
    more = {"b": "timestamp '2026-01-01 00:00:00.123456 UTC'", "id": "bigint '2'", "a": "varchar 'y'"}
    assert run(more, "ignore") == (first, [(1, "x"), (2, "y")])
    with pytest.raises(DbtFailed, match="contract_changed: .*column b is in the table or in the SQL alone"):
        run(more, "fail")
    columns, rows = run({**more, "id": "bigint '3'"}, "append_new_columns")
    assert columns == {**first, "b": "timestamp(6) with time zone"}
    assert [row[:2] for row in rows] == [(1, "x"), (2, "y"), (3, "y")] and rows[0][2] is None
    assert rows[2][2].microsecond == 123456
    fewer = {"id": "bigint '4'", "b": more["b"]}
    columns, rows = run(fewer, "append_new_columns")
    assert len(columns) == 3 and rows[3][:2] == (4, None)
    columns, rows = run({**fewer, "c": "decimal '1.50'"}, "sync_all_columns")
    assert columns == {"id": "bigint", "b": "timestamp(6) with time zone", "c": "decimal(3,2)"}
    assert len(rows) == 4
