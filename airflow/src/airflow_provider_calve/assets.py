"""Tables as Airflow's assets, so that a DAG can wait for a table and see what a task published."""

from airflow.sdk import Asset

SCHEME = "iceberg"


def table_asset(table, pipeline="ecommerce"):
    """The asset of a table (`marts.orders`) of a pipeline, as calve.yaml names it.

    An operator of ours that has it among its `outlets` puts the table's `snapshot_id`, `uuid`,
    `location` and `rows` into the asset event's `extra`.
    """
    schema, name = table.split(".")
    return Asset(name=f"{pipeline}.{table}", uri=f"{SCHEME}://{pipeline}/{schema}/{name}")


def table_of(asset):
    """The table that an asset stands for; None if it is no table of ours."""
    uri = getattr(asset, "uri", "")
    if not uri.startswith(f"{SCHEME}://"):
        return None
    _, schema, name = uri.removeprefix(f"{SCHEME}://").split("/")
    return f"{schema}.{name}"
