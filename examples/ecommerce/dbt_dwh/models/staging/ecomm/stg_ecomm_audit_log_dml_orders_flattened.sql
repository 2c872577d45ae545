{{ calve.flatten(ref('stg_ecomm_audit_log_dml')) }}
