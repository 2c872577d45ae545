"""What other engines do to Calve's tables without changing what they hold.

Each function is one commit of another engine, tried again while somebody else wins the race.
"""

import datetime
import json
import time

import pyarrow as pa
import trino.exceptions
from pyiceberg.exceptions import CommitFailedException, ValidationException

from project import FLATTENED, HISTORY, LANDING, ORDERS, STAGED

# Table -> the column that tells its rows apart.
KEYS = {STAGED: "audit_event_id", FLATTENED: "audit_event_id", ORDERS: "order_id",
        HISTORY: "audit_event_id"}
TRIES = 30


def insert_by_trino(chain, order):
    """An event of `order` at the source, and the same event in the landing table."""
    event = _insert_at_source(chain, order, "by Trino")
    values = ", ".join([f"timestamp '{event['ingested_at']}'"] + [
        f"timestamp '{value}'" if isinstance(value, datetime.datetime) else
        str(value) if isinstance(value, int) else f"'{value}'"
        for name, value in event.items() if name != "ingested_at"])
    _until_it_wins(lambda: chain.trino.rows(
        f"insert into {LANDING} ({', '.join(event)}) values ({values})"))


def insert_by_pyiceberg(chain, order):
    """The same as insert_by_trino, by PyIceberg."""
    event = _insert_at_source(chain, order, "by PyIceberg")

    def append():
        table = chain.catalog().load_table(LANDING)
        table.append(pa.Table.from_pylist([event], schema=table.schema().as_arrow()))
    _until_it_wins(append)


def merge_by_trino(chain, table, share, of):
    """Rewrites every `of`-th row with the values that it has."""
    key = KEYS[table]
    _until_it_wins(lambda: chain.trino.rows(
        f"merge into {table} t using (select {key} as k, tbl_name as n from {table}"
        f" where {key} % {of} = {share}) s on t.{key} = s.k"
        " when matched then update set tbl_name = s.n"))


def delete_and_insert_by_trino(chain, table, share, of):
    """Deletes every `of`-th row and inserts it again, in one commit."""
    key = KEYS[table]
    columns = [column for column, *_ in chain.trino.rows(f"show columns from {table}")]
    listed = ", ".join(columns)
    _until_it_wins(lambda: chain.trino.rows(
        f"merge into {table} t using (select {key} as k, {listed} from {table}"
        f" where {key} % {of} = {share} union all"
        f" select null as k, {listed} from {table} where {key} % {of} = {share}) s"
        f" on t.{key} = s.k when matched then delete"
        f" when not matched then insert ({listed}) values ({', '.join('s.' + c for c in columns)})"))


def delete_a_copy_by_trino(chain, table):
    """Inserts a second copy of some rows as one file, and deletes that file's rows."""
    columns = ", ".join(column for column, *_ in chain.trino.rows(f"show columns from {table}"))
    before = _paths(chain, table)
    chain.trino.rows(f"insert into {table} select {columns} from {table} limit 5")
    for path in _paths(chain, table) - before:
        chain.trino.rows(f"delete from {table} where \"$path\" = '{path}'")


def overwrite_by_pyiceberg(chain, table):
    """Replaces all rows by themselves."""
    def overwrite():
        loaded = chain.catalog().load_table(table)
        loaded.overwrite(loaded.scan().to_arrow())
    _until_it_wins(overwrite)


def delete_and_append_by_pyiceberg(chain, table, share, of):
    """Deletes some rows and appends them again, published at once."""
    key = KEYS[table]

    def replace():
        loaded = chain.catalog().load_table(table)
        rows = loaded.scan().to_arrow()
        keys = [k for k in rows[key].to_pylist() if k % of == share][:50]
        chosen = rows.filter(pa.compute.is_in(rows[key], pa.array(keys, rows[key].type)))
        if not keys:
            return
        with loaded.transaction() as transaction:
            transaction.delete(f"{key} in ({', '.join(map(str, keys))})")
            transaction.append(chosen)
    _until_it_wins(replace)


def optimize_by_trino(chain, table):
    """Merges small files."""
    _until_it_wins(lambda: chain.trino.rows(f"alter table {table} execute optimize"))


def expire_by_trino(chain, table):
    """Removes all snapshots but the current one, and the files that only they refer to."""
    _until_it_wins(lambda: chain.trino.rows(
        f"alter table {table} execute expire_snapshots(retention_threshold => '0s')"))


def _insert_at_source(chain, order, text):
    """Commits an update event; returns it as a row of the landing table."""
    moment = datetime.datetime.now(datetime.timezone.utc)
    payload = json.dumps({"order_id": order, "sum": 1.5, "description": text})
    with chain.connect() as connection:
        event_id = connection.execute(
            "insert into audit_log_dml (audit_operation, audit_timestamp, tbl_schema, tbl_name,"
            " raw_data) values ('U', %s, 'public', 'orders', %s) returning audit_event_id",
            (moment, payload)).fetchone()[0]
    return {"ingested_at": moment, "source_file": text, "audit_event_id": event_id,
            "audit_operation": "U", "audit_timestamp": moment, "tbl_schema": "public",
            "tbl_name": "orders", "raw_data": payload}


def _paths(chain, table):
    schema, name = table.split(".")
    return {path for path, in chain.trino.rows(
        f'select file_path from {schema}."{name}$files" where content = 0')}


def _until_it_wins(commit):
    """Repeats a commit while it loses races: somebody else commits first, or expires the snapshot
    that is being read. Missing files have many names, so every failure but a statement's own
    fault is repeated; damage lasts, and is raised in the end."""
    for _ in range(TRIES):
        try:
            return commit()
        except (CommitFailedException, ValidationException, OSError):
            pass
        except trino.exceptions.TrinoQueryError as error:
            if error.error_type == "USER_ERROR" and error.error_name != "TRANSACTION_CONFLICT":
                raise
        time.sleep(0.05)
    return commit()
