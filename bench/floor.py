"""The floor that P1 is held against: the same five tables by the best Python.

    floor.py --dsn DSN --output FOLDER

psql copies the audit table to CSV; pyarrow reads the CSV and writes Parquet (zstd); DuckDB
parses the JSON and computes the windows. No catalog, no commit protocol, no contracts, no
quarantine, nothing incremental; where a cheaper way gives the same rows on this data it is
taken (ids that are unique need no deduplication; `orders` is cut from the history's window).
Prints one line of JSON per step, then one with the rows of each table.
"""

import argparse
import os
import pathlib
import resource
import subprocess
import sys
import time

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from bench.measure import report  # noqa: E402

AUDIT_TYPES = {
    "audit_event_id": pa.int64(), "audit_operation": pa.string(),
    "audit_timestamp": pa.timestamp("us", "UTC"), "tbl_schema": pa.string(),
    "tbl_name": pa.string(), "raw_data": pa.string()}

FLATTEN = """
    SELECT * EXCLUDE (raw_data, row), row.order_id, row.order_timestamp, row.created_at,
           row.updated_at, row.sum AS order_sum, row.description
    FROM (SELECT *, json_transform(raw_data, '{"order_id": "INTEGER",
                    "order_timestamp": "TIMESTAMPTZ", "created_at": "TIMESTAMPTZ",
                    "updated_at": "TIMESTAMPTZ", "sum": "DOUBLE", "description": "VARCHAR"}') AS row
          FROM staging WHERE tbl_schema = 'public' AND tbl_name = 'orders')"""

HISTORY = """
    SELECT * EXCLUDE (audit_timestamp), audit_timestamp AS valid_from,
           lead(audit_timestamp) OVER versions AS valid_to,
           lead(audit_event_id) OVER versions IS NULL AS is_current,
           audit_operation = 'D' AS is_deleted
    FROM flattened
    WINDOW versions AS (PARTITION BY order_id ORDER BY audit_timestamp, audit_event_id)"""


class Floor:
    """Writes the five tables, step by step; each step reports what it cost."""

    def __init__(self, dsn, folder):
        self.dsn = dsn
        self.folder = pathlib.Path(folder)
        self.rows = {}
        self.duckdb = duckdb.connect()
        self.duckdb.execute("SET TimeZone = 'UTC'")
        self.duckdb.execute("SET preserve_insertion_order = false")
        self.duckdb.execute(f"SET threads = {len(os.sched_getaffinity(0))}")
        self._clock = (time.perf_counter(), _cpu_seconds())

    def run(self):
        """All five tables."""
        self.copy_audit_table()
        landing = self.write_landing()
        staging = self.write_staging(landing)
        del landing
        flattened = self.write_flattened(staging)
        del staging
        self.write_marts(flattened)
        report("floor.rows", rows=self.rows)

    def copy_audit_table(self):
        """audit_log_dml -> audit.csv, by psql."""
        with open(self.folder / "audit.csv", "wb") as file:
            subprocess.run(
                ["psql", "-X", "-q", "-d", self.dsn, "-c",
                 "COPY public.audit_log_dml TO STDOUT (FORMAT csv, HEADER)"],
                stdout=file, check=True, env={**os.environ, "PGTZ": "UTC"})
        self._end("copy")

    def write_landing(self):
        """audit.csv -> landing, with the two landing columns."""
        convert = pyarrow.csv.ConvertOptions(column_types=AUDIT_TYPES, strings_can_be_null=True,
                                             quoted_strings_can_be_null=False)
        events = pyarrow.csv.read_csv(self.folder / "audit.csv", convert_options=convert)
        self._end("parse")
        now = pa.scalar(int(time.time() * 1e6), pa.timestamp("us", "UTC"))
        landing = (events.add_column(0, "ingested_at", pa.repeat(now, len(events)))
                   .add_column(1, "source_file", pa.repeat("audit.csv", len(events))))
        self._write("ecomm_audit_log_dml", landing)
        return landing

    def write_staging(self, landing):
        """landing -> staging: one row per event id."""
        staging = landing
        if pc.count_distinct(landing["audit_event_id"]).as_py() != len(landing):
            self.duckdb.register("landing", landing)
            staging = self.duckdb.sql(
                "SELECT * FROM landing QUALIFY row_number() OVER "
                "(PARTITION BY audit_event_id ORDER BY ingested_at) = 1").to_arrow_table()
            self.duckdb.unregister("landing")
        self._write("stg_ecomm_audit_log_dml", staging)
        return staging

    def write_flattened(self, staging):
        """staging -> the orders' columns, typed."""
        self.duckdb.register("staging", staging)
        flattened = self.duckdb.sql(FLATTEN).to_arrow_table()
        self.duckdb.unregister("staging")
        self._end("flatten")
        self._write("stg_ecomm_audit_log_dml_orders_flattened", flattened)
        return flattened

    def write_marts(self, flattened):
        """flattened -> history, and the current orders cut from it."""
        self.duckdb.register("flattened", flattened)
        history = self.duckdb.sql(HISTORY).to_arrow_table()
        self._end("window")
        self._write("orders_history_scd2", history)
        is_live = pc.and_(history["is_current"], pc.invert(history["is_deleted"]))
        orders = (history.filter(is_live).rename_columns({"valid_from": "audit_timestamp"})
                  .select(flattened.column_names))
        self._write("orders", orders)

    def _write(self, name, table):
        pq.write_table(table, self.folder / f"{name}.parquet", compression="zstd")
        self.rows[name] = len(table)
        self._end(name)

    def _end(self, step):
        """Reports what the step took since the last one ended."""
        clock = (time.perf_counter(), _cpu_seconds())
        report("floor.step", step=step, wall_s=round(clock[0] - self._clock[0], 3),
               cpu_s=round(clock[1] - self._clock[1], 3))
        self._clock = clock


def _cpu_seconds():
    """CPU time of this process and of its ended children."""
    usages = [resource.getrusage(who)
              for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def main():
    """Reads the command line and runs the floor."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dsn", required=True, help="libpq connection string of the source")
    parser.add_argument("--output", required=True, help="an empty folder")
    arguments = parser.parse_args()
    Floor(arguments.dsn, arguments.output).run()


if __name__ == "__main__":
    main()
