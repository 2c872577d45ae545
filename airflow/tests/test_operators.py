"""What operators decide before and after Calve runs."""

import datetime
import json
import types

import pytest
from airflow.sdk import DAG, Asset
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from airflow_provider_calve.assets import table_asset, table_of
from airflow_provider_calve.operators import (
    CalveExtractOperator,
    CalveIngestOperator,
    interval_label,
    is_true,
    mappable,
    options,
    selection,
)

NOON = datetime.datetime(2025, 6, 1, 12, 0, tzinfo=datetime.UTC)
MINUTE = datetime.timedelta(minutes=1)


def context(run_type, start, end, run_after):
    """What a task of a run sees of its interval."""
    return {"dag_run": types.SimpleNamespace(run_type=run_type, run_after=run_after),
            "data_interval_start": start, "data_interval_end": end}


@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 1024, 1025, 2048, 2049, 5000])
@pytest.mark.parametrize("limit", [1, 4, 1024])
def test_no_key_is_lost_or_doubled_by_batching(count, limit):
    keys = [f"key-{number}" for number in range(count)]
    mapped = mappable(keys, limit)
    assert len(mapped) <= limit
    assert [key for item in mapped for key in ([item] if isinstance(item, str) else item)] == keys
    assert not count or max(len(item) if isinstance(item, list) else 1 for item in mapped) \
        <= -(-count // limit)


def test_a_task_gets_as_many_files_as_it_is_to_unless_the_limit_asks_for_more():
    keys = [str(number) for number in range(100)]
    assert [len(batch) for batch in mappable(keys, 1024, 30)] == [30, 30, 30, 10]
    assert [len(batch) for batch in mappable(keys, 2, 30)] == [50, 50]
    assert mappable([], 1024, 30) == []


def test_a_scheduled_run_is_labelled_by_its_interval():
    for kind in ("scheduled", "backfill"):
        assert interval_label(context(kind, NOON - 10 * MINUTE, NOON, NOON + MINUTE)) == (
            NOON - 10 * MINUTE, NOON)


def test_runs_by_hand_are_labelled_apart_from_the_scheduled_run_before_them():
    """Otherwise they would find its files, and extract nothing."""
    labels = {interval_label(context("scheduled", NOON - 10 * MINUTE, NOON, NOON))}
    triggered = ("manual", "operator_triggered", "asset_triggered", "asset_materialization")
    for minutes, kind in enumerate(triggered, 1):
        labels.add(interval_label(context(kind, NOON - 10 * MINUTE, NOON, NOON + minutes * MINUTE)))
    assert len(labels) == 5
    assert all(start <= end for start, end in labels)


def test_a_run_without_an_interval_is_labelled_by_when_it_was_to_run():
    assert interval_label(context("asset_triggered", None, None, NOON)) == (NOON, NOON)
    assert interval_label(context("manual", NOON, NOON + MINUTE, NOON)) == (NOON, NOON)


def test_an_empty_interval_is_refused_where_it_would_choose_the_rows():
    """As a cron string makes them in Airflow 3."""
    operator = CalveExtractOperator(task_id="extract", window=True)
    with pytest.raises(AirflowFailException, match="CronDataIntervalTimetable"):
        operator.execute(context("scheduled", NOON, NOON, NOON))


def test_a_template_may_give_a_flag():
    assert [is_true(value) for value in (True, "True", " true ", False, "False", "", None)] == [
        True, True, True, False, False, False, False]
    with pytest.raises(AirflowFailException):
        is_true("yes please")


@pytest.mark.parametrize("count", [0, -1, "many", None])
def test_a_task_of_no_files_is_refused(count):
    operator = CalveExtractOperator(task_id="extract", files_per_task=count)
    with pytest.raises(AirflowFailException, match="files_per_task must be a whole number above 0"):
        operator.execute(context("scheduled", NOON, NOON + MINUTE, NOON))


@pytest.mark.parametrize("key", [None, 7, ["a.csv", None], {"a": "b"}])
def test_what_is_no_key_is_refused(key):
    with pytest.raises(AirflowFailException, match="key must be a landing file's key or a list"):
        CalveIngestOperator(task_id="ingest", key=key).execute({})


@pytest.mark.parametrize("key", ["", "-h", "--help", "a b'\"$(x);\n.csv", "../../etc/passwd",
                                 "\u00df"])
def test_a_key_is_never_an_option_and_fails_by_a_sentence(monkeypatch, calve, tmp_path, key):
    """With no such file, each is an error of Calve's own."""
    config = tmp_path / "calve.yaml"
    config.write_text(f"version: 1\npipeline: p\nlanding: {{uri: {tmp_path}/lake}}\n"
                      f"catalog: {{type: sql, uri: 'sqlite:///{tmp_path}/c.db', name: c,"
                      f" warehouse: {tmp_path}/w}}\n")
    monkeypatch.setenv("AIRFLOW_CONN_CALVE_DEFAULT", connection(calve, config=str(config)))
    with pytest.raises(AirflowException, match="calve ingest ended with exit code [12]: .*[a-z]"):
        CalveIngestOperator(task_id="ingest", key=key).execute({})


def test_models_are_selected_by_one_text_or_a_list():
    assert selection("staging orders+") == selection(["staging", "orders+"]) == "staging orders+"
    assert options({"--select": selection(None)}) == options({"--select": selection([])}) == []
    assert options({"--select": "--full-refresh"}) == ["--select=--full-refresh"]


def test_a_table_is_found_again_by_its_asset():
    assert table_of(table_asset("marts.orders", "shop")) == "marts.orders"
    assert table_asset("marts.orders") != table_asset("staging.orders")
    odd = "odd 'one'.a/b?#@%2F\u00df"
    assert table_of(table_asset(odd, "my shop@home:1")) == odd
    for uri in ("s3://lake/marts/orders", "iceberg://orders", "iceberg://shop/a/b/orders"):
        assert table_of(Asset(name="other", uri=uri)) is None


@pytest.mark.parametrize("name", ["orders", "lake.marts.orders", ".orders", ""])
def test_what_is_no_tables_name_is_refused_where_the_dag_is_read(name):
    with pytest.raises(ValueError, match="is no table's name; write it as marts.orders"):
        table_asset(name)


def test_ingest_is_mapped_over_the_keys_of_extract():
    with DAG(dag_id="mapped", schedule=None) as dag:
        extract = CalveExtractOperator(task_id="extract")
        CalveIngestOperator.partial(task_id="ingest").expand(key=extract.output)
    assert dag.get_task("ingest").upstream_task_ids == {"extract"}


def test_a_wrong_configuration_fails_without_another_try(monkeypatch, calve):
    monkeypatch.setenv("AIRFLOW_CONN_CALVE_DEFAULT", connection(calve, config="/no/such/file"))
    operator = CalveExtractOperator(task_id="extract")
    with pytest.raises(AirflowFailException, match="cannot read the configuration /no/such/file"):
        operator.execute(context("scheduled", NOON, NOON + MINUTE, NOON))


def test_a_source_that_is_away_may_be_tried_again(monkeypatch, calve, tmp_path):
    config = tmp_path / "calve.yaml"
    config.write_text("version: 1\npipeline: p\n"
                      "source: {postgres: {dsn: 'host=127.0.0.1 port=1 dbname=none'},"
                      " audit_log: {table: public.audit_log_dml}}\nlanding: {uri: lake}\n")
    monkeypatch.setenv("AIRFLOW_CONN_CALVE_DEFAULT", connection(calve, config=str(config)))
    operator = CalveExtractOperator(task_id="extract")
    with pytest.raises(AirflowException, match="calve extract ended with exit code 75: ") as raised:
        operator.execute(context("scheduled", NOON, NOON + MINUTE, NOON))
    assert not isinstance(raised.value, AirflowFailException)


def test_a_program_that_is_missing_is_named(monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_CALVE_DEFAULT", connection("/no/such/calve"))
    operator = CalveIngestOperator(task_id="ingest", key="a.csv")
    with pytest.raises(AirflowFailException, match="cannot run /no/such/calve: there is no"):
        operator.execute({})


def connection(binary, **extra):
    """A connection as Airflow reads it from a variable."""
    return json.dumps({"conn_type": "calve", "extra": {"binary": str(binary), **extra}})
