"""Tables as Airflow's assets, so that a DAG can wait for a table and see what a task published."""

from urllib.parse import quote, unquote

from airflow.sdk import Asset

SCHEME = "iceberg"


def table_asset(table, pipeline="ecommerce"):
    """The asset of a table (`marts.orders`) of a pipeline, as calve.yaml names it. Raises
    ValueError if that is no table's name.

    An operator of ours that has it among its `outlets` puts the table's `snapshot_id`, `uuid`,
    `location` and `rows` into the asset event's `extra`.
    """
    words = table.split(".")
    if len(words) != 2 or not all(words):
        raise ValueError(f"'{table}' is no table's name; write it as marts.orders")
    path = "/".join(quote(word, safe="") for word in (pipeline, *words))
    return Asset(name=f"{pipeline}.{table}", uri=f"{SCHEME}://{path}")


def table_of(asset):
    """The table that an asset stands for; None if it is no table of ours."""
    uri = getattr(asset, "uri", "")
    words = [unquote(word) for word in uri.removeprefix(f"{SCHEME}://").split("/")]
    if not uri.startswith(f"{SCHEME}://") or len(words) != 3:
        return None
    return f"{words[1]}.{words[2]}"
