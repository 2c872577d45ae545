{{ calve.current_state(ref('stg_ecomm_audit_log_dml_orders_flattened')) }}
