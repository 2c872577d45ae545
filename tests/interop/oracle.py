"""The five tables in plain SQL over the audit log: what Calve's tables must equal."""

FLATTENED = """
    select audit_event_id::bigint as audit_event_id, audit_operation, audit_timestamp,
           tbl_schema, tbl_name,
           (raw_data::jsonb ->> 'order_id')::integer as order_id,
           (raw_data::jsonb ->> 'order_timestamp')::timestamptz as order_timestamp,
           (raw_data::jsonb ->> 'created_at')::timestamptz as created_at,
           (raw_data::jsonb ->> 'updated_at')::timestamptz as updated_at,
           (raw_data::jsonb ->> 'sum')::double precision as order_sum,
           raw_data::jsonb ->> 'description' as description
    from audit_log_dml where tbl_schema = 'public' and tbl_name = 'orders'
"""


def current(flattened, key):
    """The query of a current-state mart over that of its flattened events."""
    return f"""
        select * from (
            select distinct on ({key}) * from ({flattened}) f
            order by {key}, audit_timestamp desc, audit_event_id desc) latest
        where audit_operation <> 'D'
    """


def history(flattened, key, columns):
    """The query of a type-2 history over that of its flattened events; `columns` are those
    of the payload."""
    return f"""
        select audit_event_id, audit_operation, tbl_schema, tbl_name, {columns},
               audit_timestamp as valid_from,
               lead(audit_timestamp) over w as valid_to,
               lead(audit_timestamp) over w is null as is_current,
               audit_operation = 'D' as is_deleted
        from ({flattened}) f
        window w as (partition by {key} order by audit_timestamp, audit_event_id)
    """


ORDERS = current(FLATTENED, "order_id")
HISTORY = history(FLATTENED, "order_id", "order_id, order_timestamp, created_at, updated_at,"
                  " order_sum, description")

EVENTS = """
    select audit_event_id::bigint as audit_event_id, audit_operation, audit_timestamp,
           tbl_schema, tbl_name, raw_data
    from audit_log_dml
"""

# Table -> the query whose rows it must hold, by every column that the query gives.
TABLES = {
    "landing.ecomm_audit_log_dml": EVENTS,
    "staging.stg_ecomm_audit_log_dml": EVENTS,
    "staging.stg_ecomm_audit_log_dml_orders_flattened": FLATTENED,
    "marts.orders": ORDERS,
    "marts.orders_history_scd2": HISTORY,
}


def rows(connection, query):
    """Column names and rows of a query, by `audit_event_id` ascending."""
    with connection.cursor() as cursor:
        cursor.execute("set timezone = 'UTC'")
        cursor.execute(f"select * from ({query}) q order by audit_event_id")
        return [column.name for column in cursor.description], cursor.fetchall()
