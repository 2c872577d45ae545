"""Counts the rows of a project's five tables by PyIceberg: `table_rows.py PROJECT`.

A process of its own, so that its memory does not count in what is measured.
"""

import json
import sys

from pyiceberg.catalog.sql import SqlCatalog

TABLES = ["landing.ecomm_audit_log_dml", "staging.stg_ecomm_audit_log_dml",
          "staging.stg_ecomm_audit_log_dml_orders_flattened", "marts.orders_history_scd2",
          "marts.orders"]


def main():
    """Prints one JSON object: table -> rows."""
    project = sys.argv[1]
    catalog = SqlCatalog("lake", uri=f"sqlite:///{project}/catalog.db",
                         warehouse=f"file://{project}/warehouse")
    print(json.dumps({name.split(".")[1]: catalog.load_table(name).scan().count()
                      for name in TABLES}))


if __name__ == "__main__":
    main()
