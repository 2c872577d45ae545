{# Fails for each version that another of its key overlaps, or that leaves a gap to the next. #}
{% test scd2_no_overlap(model, key) %}
select {{ calve.names(key) }}, valid_from, valid_to, next_from
from (
  select {{ calve.names(key) }}, valid_from, valid_to,
    lead(valid_from) over (partition by {{ calve.names(key) }} order by valid_from, coalesce(valid_to, timestamp '9999-12-31 00:00:00 UTC'), audit_event_id) as next_from
  from {{ model }}
)
where valid_to < valid_from or valid_to is distinct from next_from
{% endtest %}
