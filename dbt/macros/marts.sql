{# Marts as functions of the flattened table, which has every event: what is latest, and what comes
   next, is decided there, so a late event never brings a deleted row back. #}

{# The latest version of each key. A key whose latest event is a delete is absent: its event is in
   these rows only where they are merged, to delete what the table has of it. #}
{% macro current_state(upstream) -%}
  {%- set contract = calve.contract('current') -%}
  {%- set plan = calve.plan(upstream, contract, calve.whole_number_key(contract)) -%}
  {{ calve.plan_comment(plan) }}
  {% if contract -%}
  {%- set meta = contract.meta -%}
  with new_events as (
    select {{ calve.names(calve.column_names(contract)) }} from {{ calve.new_rows(plan, upstream) }}
  ),
  latest as (
    select {{ calve.names(meta.key) }}, max_by(audit_event_id, row({{ calve.names(calve.order_by(meta)) }})) as latest_id
    from {{ calve.as_read(plan, upstream) }} as e
    where {{ calve.of_new_keys(plan, meta) }}
    group by {{ calve.names(meta.key) }}
  )
  select {{ calve.names(calve.column_names(contract), 'n.') }}
  from new_events n join latest on n.audit_event_id = latest.latest_id
  {%- if plan.mode == 'build' %}
  where n.audit_operation <> 'D'
  {%- endif %}
  {%- endif -%}
{%- endmacro %}

{# Every version of each key, one row per event. Where rows are merged, an event that is in the table
   already comes along only if its interval may have changed, and with its interval alone. #}
{% macro history_scd2(upstream) -%}
  {%- set contract = calve.contract('history') -%}
  {%- set plan = calve.plan(upstream, contract, calve.whole_number_key(contract)) -%}
  {{ calve.plan_comment(plan) }}
  {% if contract -%}
  {%- set meta = contract.meta -%}
  {%- set order = calve.order_by(meta) -%}
  {%- set by_key = 'partition by ' ~ calve.names(meta.key) ~ ' order by ' ~ calve.names(order) -%}
  with new_events as (
    select * from {{ calve.new_rows(plan, upstream) }}
  ),
  starts as (
    select {{ calve.names(meta.key) }}, audit_event_id, audit_timestamp,
      {% if order[0] == 'audit_event_id' -%}
      max(audit_timestamp) over ({{ by_key }} rows unbounded preceding)
      {%- else -%} audit_timestamp {%- endif %} as valid_from
    from {{ calve.as_read(plan, upstream) }} as e
    where {{ calve.of_new_keys(plan, meta) }}
  ),
  intervals as (
    select *, lead(valid_from) over ({{ by_key }}) as valid_to, lead(audit_event_id) over ({{ by_key }}) is null as is_current,
      bool_or(audit_event_id in (select audit_event_id from new_events))
        over ({{ by_key }} rows between unbounded preceding and 1 following) as is_touched
    from starts
  )
  select
    {%- for column in calve.column_names(contract) %}
    {% if column in ['valid_from', 'valid_to', 'is_current', 'audit_event_id'] or column in meta.key -%} i.{{ calve.name(column) }}
    {%- elif column == 'is_deleted' -%} n.audit_operation = 'D' as is_deleted
    {%- else -%} n.{{ calve.name(column) }} {%- endif %}{{ ',' if not loop.last }}
    {%- endfor %}
  from intervals i left join new_events n on n.audit_event_id = i.audit_event_id
  where i.is_touched
  {%- endif -%}
{%- endmacro %}

{# The events `e` of keys that have a new one. #}
{% macro of_new_keys(plan, meta) -%}
  {%- if plan.mode == 'build' -%}
    true
  {%- else -%}
    {{ calve.within_bounds(plan, 'e.') }} and exists (select 1 from new_events n where
    {%- for column in meta.key %} n.{{ calve.name(column) }} = e.{{ calve.name(column) }}{{ ' and' if not loop.last }}{% endfor %})
  {%- endif -%}
{%- endmacro %}

{# The first key column that is a whole number, by which files can be pruned; none without one. #}
{% macro whole_number_key(contract) -%}
  {%- for column in (contract or {}).get('columns', []) if column.name in contract.meta.key and column.type in ['integer', 'bigint'] -%}
    {%- do return(column.name) -%}
  {%- endfor -%}
  {%- do return(none) -%}
{%- endmacro %}
