"""The e-commerce database's audit log, kept as Iceberg tables, every ten minutes.

extract → one ingest per landing file → transform (native, or dbt on Trino) → verify

The data interval labels an extraction, so that a repeat finds the same files; it is no predicate,
and no event is lost to one that was committed late. See docs/airflow.md.
"""

import datetime

from airflow.sdk import DAG, CronDataIntervalTimetable, Param, TriggerRule, task

from airflow_provider_calve.assets import table_asset
from airflow_provider_calve.dbt import DbtOperator
from airflow_provider_calve.operators import (
    CalveExtractOperator,
    CalveIngestOperator,
    CalveTransformOperator,
    CalveVerifyOperator,
)

LANDING = table_asset("landing.ecomm_audit_log_dml")
MODELS = [table_asset(name) for name in (
    "staging.stg_ecomm_audit_log_dml", "staging.stg_ecomm_audit_log_dml_orders_flattened",
    "marts.orders", "marts.orders_history_scd2")]

with DAG(
    dag_id="audit_log_extract_with_data_intervals_dag",
    description=__doc__.splitlines()[0],
    doc_md=__doc__,
    # A cron string would make Airflow 3 start runs whose intervals are empty.
    schedule=CronDataIntervalTimetable("*/10 * * * *", timezone="UTC"),
    start_date=datetime.datetime(2025, 1, 1, tzinfo=datetime.UTC),
    catchup=False,
    max_active_runs=1,  # verify holds the tables against what this run, not another, extracted
    default_args={"retries": 2, "retry_delay": datetime.timedelta(seconds=10),
                  "retry_exponential_backoff": True,
                  "max_retry_delay": datetime.timedelta(minutes=5)},
    params={
        "engine": Param("native", enum=["native", "dbt"], description="What transforms: Calve"
                        " itself, or dbt on Trino"),
        "full_refresh": Param(False, type="boolean", description="Build staging and marts again"
                              " from the landing table"),
    },
    tags=["calve", "ecommerce"],
) as dag:
    extract = CalveExtractOperator(task_id="extract")

    ingest = CalveIngestOperator.partial(
        task_id="ingest", outlets=[LANDING], max_active_tis_per_dagrun=8,
    ).expand(key=extract.output)

    # Without new files there is no ingest; what an earlier run left behind is still transformed.
    @task.branch(trigger_rule=TriggerRule.NONE_FAILED)
    def choose_engine(params=None):
        """The task that transforms in this run."""
        return f"transform_{params['engine']}"

    refresh = "{{ params.full_refresh }}"
    native = CalveTransformOperator(
        task_id="transform_native", full_refresh=refresh, inlets=[LANDING], outlets=MODELS)
    dbt = DbtOperator(
        task_id="transform_dbt", command="build", full_refresh=refresh, inlets=[LANDING],
        outlets=MODELS)

    verify = CalveVerifyOperator(
        task_id="verify", trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS, inlets=MODELS)

    ingest >> choose_engine() >> [native, dbt] >> verify
