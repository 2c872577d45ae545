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

ORDERS = f"""
    select * from (
        select distinct on (order_id) * from ({FLATTENED}) f
        order by order_id, audit_timestamp desc, audit_event_id desc) latest
    where audit_operation <> 'D'
"""

HISTORY = f"""
    select audit_event_id, audit_operation, tbl_schema, tbl_name, order_id, order_timestamp,
           created_at, updated_at, order_sum, description,
           audit_timestamp as valid_from,
           lead(audit_timestamp) over w as valid_to,
           lead(audit_timestamp) over w is null as is_current,
           audit_operation = 'D' as is_deleted
    from ({FLATTENED}) f
    window w as (partition by order_id order by audit_timestamp, audit_event_id)
"""

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
