"""Fills the source of a benchmark: order events in `public.audit_log_dml`."""

import os
import pathlib

from bench import measure

ROOT = pathlib.Path(__file__).resolve().parents[1]

# The same shape as the generator's events, for floors measured without the binary: 70 %
# inserts of new orders, 20 % updates and 10 % deletes of earlier ones.
FILL_BY_SQL = """
CREATE TABLE public.audit_log_dml (
  audit_event_id serial PRIMARY KEY, audit_operation text, audit_timestamp timestamptz,
  tbl_schema text, tbl_name text, raw_data text);
SELECT setseed(0.5);
INSERT INTO public.audit_log_dml
  (audit_operation, audit_timestamp, tbl_schema, tbl_name, raw_data)
SELECT operation, moment, 'public', 'orders', json_build_object(
  'order_id', CASE operation WHEN 'I' THEN n / 10 * 7 + n % 10 + 1
                             ELSE 1 + floor(random() * (n / 10 * 7 + 7))::int END,
  'order_timestamp', moment - interval '1 minute', 'created_at', moment, 'updated_at', moment,
  'sum', round((random() * 1000)::numeric, 2),
  'description', substr('2 x oak dining chair; leave with the neighbour, second floor', 1,
                        20 + (random() * 40)::int))::text
FROM (SELECT n, CASE WHEN n % 10 < 7 THEN 'I' WHEN n % 10 < 9 THEN 'U' ELSE 'D' END AS operation,
             timestamptz '2025-01-01 00:00:00+00' + n * interval '0.9731 seconds' AS moment
      FROM generate_series(0, {events} - 1) AS n) AS events;
"""


def write_config(folder, dsn):
    """Writes `calve.yaml`: a pipeline over this source, all of it below `folder`."""
    (folder / "calve.yaml").write_text(f"""version: 1
pipeline: ecommerce
source:
  postgres: {{dsn: "{dsn}"}}
  audit_log: {{table: public.audit_log_dml}}
landing: {{uri: "{folder}/lake", prefix: raw/ecommerce/audit_log_dml}}
catalog: {{type: sql, uri: "sqlite:///{folder}/catalog.db", name: lake, warehouse: "{folder}/warehouse"}}
models: "{ROOT}/examples/ecommerce/dbt_dwh"
""")


def fill(dsn, events, binary, folder):
    """Puts so many events into the audit table: with the binary if it is there, else by SQL.
    Returns which way it was."""
    if not os.access(binary, os.X_OK):
        measure.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", dsn, "-c",
                     FILL_BY_SQL.replace("{events}", str(events))])
        return "sql"
    file = folder / "events.csv"
    write_config(folder, dsn)
    calve = [binary, "-c", folder / "calve.yaml", "--progress", "none"]
    measure.run([*calve, "generate", "--events", events, "--output-file", file])
    measure.run([*calve, "load", "--create-table", "--source-files", file])
    file.unlink()
    return "generator"
