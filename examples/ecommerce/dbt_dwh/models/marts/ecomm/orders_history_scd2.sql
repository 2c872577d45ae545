{{ calve.history_scd2(ref('stg_ecomm_audit_log_dml_orders_flattened')) }}
