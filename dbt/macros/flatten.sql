{# The events of one source table, their payload in typed columns. A row that breaks its contract is
   not among them; flatten_violations has it, with the first rule that it broke. #}

{% macro flatten(upstream) -%}
  {%- set contract = calve.contract('flatten') -%}
  {%- set plan = calve.plan(upstream, contract, 'audit_event_id') -%}
  {{ calve.plan_comment(plan) }}
  {% if contract -%}
  select {{ calve.names(calve.column_names(contract)) }}
  from ({{ calve.judged(plan, upstream, contract) }})
  where _calve_violation is null
  {%- endif -%}
{%- endmacro %}

{% macro flatten_violations(plan, upstream, contract) -%}
  select {{ calve.names(calve.event_columns()) }}, _calve_violation.rule, _calve_violation.column_name,
    _calve_violation.reason
  from ({{ calve.judged(plan, upstream, contract) }})
  where _calve_violation is not null
  {%- if plan.mode == 'scan' %} and audit_event_id not in (select audit_event_id from {{ this }}){% endif %}
{%- endmacro %}

{# The events with the model's columns, the texts that were cast (`_calve_text_n`, n the column's
   number), the payload as JSON, and the first rule that the row broke (`_calve_violation`). #}
{% macro judged(plan, upstream, contract) -%}
  {%- set of_payload = contract.columns | rejectattr('member', 'none') | list -%}
  select *, {{ calve.violation_of(contract) }} as _calve_violation
  from (
    select *{% for column in of_payload %},
      {{ calve.cast_text(calve.text_of(contract, column), column.type) }} as {{ calve.name(column.name) }}{% endfor %}
    from (
      select *{% for column in of_payload %},
        {{ calve.member_text(column.member) }} as {{ calve.text_of(contract, column) }}{% endfor %}
      from ({{ calve.parsed_events(plan, upstream, contract) }})
    )
  )
{%- endmacro %}

{% macro text_of(contract, column) -%}
  _calve_text_{{ calve.column_names(contract).index(column.name) + 1 }}
{%- endmacro %}

{# The source table's events, with `_calve_payload` (null if raw_data is not one JSON object), `_calve_raw` (the
   text that it was parsed of) and `_calve_repeats`: whether a name stands in it more than once. #}
{% macro parsed_events(plan, upstream, contract) -%}
  {%- set source_schema, source_table = contract.meta.source_table.split('.', 1) -%}
  select *, case when _calve_payload is not null then raw_data end as _calve_raw,
    _calve_payload is not null and json_size(raw_data, '$') <> json_size(_calve_payload, '$') as _calve_repeats
  from (
    select {{ calve.names(calve.event_columns()) }},
      case when not regexp_like(raw_data, '\A[ \t\r\n]*\{') then null
        when {{ calve.is_nested_too_deep('raw_data') }} or {{ calve.has_broken_surrogates('raw_data') }} then null
        else try(json_parse(raw_data)) end as _calve_payload
    from {{ calve.new_rows(plan, upstream) }}
    where tbl_schema = {{ calve.literal(source_schema) }} and tbl_name = {{ calve.literal(source_table) }}
  )
{%- endmacro %}

{# More than 1,000 levels; Trino's parser would overflow its stack. A text of few brackets has few levels. #}
{% macro is_nested_too_deep(text) -%}
  (length({{ text }}) - length(replace(replace({{ text }}, '[', ''), '{', '')) > 1000
    and reduce(regexp_extract_all(regexp_replace({{ text }}, '"(?>[^"\\]|\\.)*+"', ''), '[\[\]{}]'), cast(row(0, 0) as row(depth bigint, most bigint)),
      (s, bracket) -> cast(row(s.depth + if(bracket in ('[', '{'), 1, -1), greatest(s.most, s.depth + 1)) as row(depth bigint, most bigint)),
      s -> s.most) > 1001)
{%- endmacro %}

{# Half a surrogate pair is no character; Trino's parser takes it. #}
{% macro has_broken_surrogates(text) -%}
  (strpos(lower({{ text }}), '\ud') > 0 and not regexp_like({{ text }},
    '\A(?>[^\\]|\\[^u]|\\u(?![dD][89a-fA-F])[0-9a-fA-F]{4}|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})*+\z'))
{%- endmacro %}

{# A member's value as text: of the raw text, which has numbers as they are written, unless a name stands
   there twice: then the last counts, which only the parsed payload has. Objects and arrays are JSON. #}
{% macro member_text(member) -%}
  {%- set path = calve.literal('$["' ~ member | replace('\\', '\\\\') | replace('"', '\\"') ~ '"]') -%}
  if(_calve_repeats,
    coalesce(json_extract_scalar(_calve_payload, {{ path }}),
             nullif(json_format(json_extract(_calve_payload, {{ path }})), 'null')),
    coalesce(json_extract_scalar(_calve_raw, {{ path }}),
             nullif(json_format(json_extract(_calve_raw, {{ path }})), 'null')))
{%- endmacro %}
