{{ calve.dedupe(source('landing', 'ecomm_audit_log_dml')) }}
