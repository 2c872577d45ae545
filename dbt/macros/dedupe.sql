{# One row per event of the landing table: the first that was staged stays. #}

{% macro dedupe(upstream) -%}
  {%- set contract = calve.contract('dedupe') -%}
  {%- set plan = calve.plan(upstream, contract, 'audit_event_id') -%}
  {{ calve.plan_comment(plan) }}
  select {{ calve.names(calve.event_columns()) }}
  from ({{ calve.numbered_copies(plan, upstream) }})
  where copy = 1 and audit_event_id is not null
{%- endmacro %}

{# New rows with `copy`, 1 for the first of each event id. #}
{% macro numbered_copies(plan, upstream) -%}
  select {{ calve.names(calve.event_columns()) }},
    row_number() over (partition by audit_event_id order by ingested_at, source_file,
      audit_timestamp, audit_operation, tbl_schema, tbl_name, raw_data) as copy
  from {{ calve.new_rows(plan, upstream) }}
{%- endmacro %}

{# Copies with another content than the first, and events without an id. #}
{% macro dedupe_violations(plan, upstream) -%}
  {%- set columns = calve.names(calve.event_columns(), 'n.') -%}
  with copies as ({{ calve.numbered_copies(plan, upstream) }}),
  firsts as (
    select {{ calve.names(calve.event_columns()) }} from copies
    where copy = 1 {% if plan.mode != 'build' %}
      and audit_event_id not in (select audit_event_id from {{ this }} where {{ calve.within_bounds(plan) }})
    union all
    select {{ calve.names(calve.event_columns()) }} from {{ this }} where {{ calve.within_bounds(plan) }}
      and audit_event_id in (select audit_event_id from copies)
    {%- endif %}
  )
  select {{ columns }}, 'id_conflict' as rule, cast(null as varchar) as column_name,
    concat('event ', cast(n.audit_event_id as varchar), ' came before with other content, which stays') as reason
  from copies n join firsts f on n.audit_event_id = f.audit_event_id
  where {{ calve.content('n') }} is distinct from {{ calve.content('f') }}
  union all
  select {{ columns }}, 'not_null', 'audit_event_id', 'audit_event_id is null'
  from copies n where n.audit_event_id is null
{%- endmacro %}

{# What an event says: all but when and by which file it came. #}
{% macro content(alias) -%}
  row({{ calve.names(['audit_operation', 'audit_timestamp', 'tbl_schema', 'tbl_name', 'raw_data'], alias ~ '.') }})
{%- endmacro %}

{# The condition that prunes a table's files by the plan's bounds. #}
{% macro within_bounds(plan, prefix='') -%}
  {%- if plan.bounds -%}
    {{ prefix }}{{ calve.name(plan.bounded) }} between {{ plan.bounds[0] }} and {{ plan.bounds[1] }}
  {%- else -%}
    true
  {%- endif -%}
{%- endmacro %}
