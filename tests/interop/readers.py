"""Other engines that read Calve's tables, each as rows by `audit_event_id` ascending."""

import importlib.util
import pathlib

import duckdb


def pyiceberg_rows(table, columns, snapshot_id=None):
    """Rows of a PyIceberg table as tuples of `columns`."""
    arrow = table.scan(selected_fields=tuple(columns), snapshot_id=snapshot_id).to_arrow()
    arrow = arrow.select(columns).sort_by("audit_event_id")
    return list(zip(*(arrow[column].to_pylist() for column in columns)))


def duckdb_connection():
    """DuckDB with its Iceberg extension, loaded from the installed packages."""
    connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    for name in ("avro", "iceberg"):
        folder = pathlib.Path(importlib.util.find_spec(f"duckdb_extension_{name}").origin).parent
        connection.execute(f"load '{next(folder.rglob(name + '.duckdb_extension'))}'")
    connection.execute("set timezone = 'UTC'")
    return connection


def duckdb_rows(connection, table, columns):
    """Rows of the same table as DuckDB reads it, from its metadata file."""
    return connection.execute(
        f"select {', '.join(columns)} from iceberg_scan('{table.metadata_location}') "
        "order by audit_event_id").fetchall()
