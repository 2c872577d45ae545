{# The rules that a row must keep by itself, as in the native engine: the payload, then key and order
   columns, then the others in their order, then check constraints. The first that is broken counts. #}

{# An expression: row(rule, column_name, reason), null for a row that keeps its contract. #}
{% macro violation_of(contract) -%}
  case
    when _calve_payload is null and starts_with(raw_data, 'calve:unfit ') then {{ calve.unfit_violation() }}
    when _calve_payload is null then {{ calve.violation('payload', none, "'raw_data is not one JSON object'") }}
    {%- for first in [true, false] -%}
      {%- for column in contract.columns if (column.name in contract.needed) == first -%}
        {{ calve.column_rules(column, column.not_null or first, calve.text_of(contract, column)) }}
      {%- endfor -%}
    {%- endfor -%}
    {%- for check in contract.checks %}
    when not ({{ check }})
      then {{ calve.violation('check', none, calve.quoted(calve.literal(check), ' is false')) }}
    {%- endfor %}
  end
{%- endmacro %}

{# The WHENs of one column; `text` is what it was cast from. #}
{% macro column_rules(column, not_null, text) -%}
  {%- set value = calve.name(column.name) -%}
  {%- if not_null %}
    when {{ value if column.member is none else text }} is null
      then {{ calve.violation('not_null', column.name, calve.literal(column.name ~ ' is null')) }}
  {%- endif -%}
  {%- if column.member is not none and column.type != 'varchar' %}
    when {{ text }} is not null and {{ value }} is null
      then {{ calve.violation('cast', column.name, calve.quoted(text, ' is no ' ~ column.type)) }}
  {%- endif -%}
  {%- if column.accepted is not none %}
    when {{ value }} is not null and not coalesce({{ value }} in (
        {%- for one in column.accepted %}{{ calve.cast_text(calve.literal(one), column.type) }}{{ ', ' if not loop.last }}{% endfor %}), false)
      then {{ calve.violation('accepted_values', column.name,
                              calve.quoted('cast(' ~ value ~ ' as varchar)', ' is none of ' ~ column.accepted | join(', '))) }}
  {%- endif -%}
{%- endmacro %}

{% macro violation(rule, column, reason) -%}
  cast(row({{ calve.literal(rule) }}, {{ calve.literal(column) if column else 'null' }}, {{ reason }})
    as row(rule varchar, column_name varchar, reason varchar))
{%- endmacro %}

{# What landed with a mark `calve:unfit <rule> <column> <reason>` because it fits no column. #}
{% macro unfit_violation() -%}
  {%- set mark = "'\\Acalve:unfit (\\S+) (\\S+) ([^\\n]*)'" -%}
  cast(row(regexp_extract(raw_data, {{ mark }}, 1), regexp_extract(raw_data, {{ mark }}, 2), regexp_extract(raw_data, {{ mark }}, 3))
    as row(rule varchar, column_name varchar, reason varchar))
{%- endmacro %}

{# A value in backquotes, cut where it is long, and what is said of it. #}
{% macro quoted(text, said) -%}
  concat('`', substr({{ text }}, 1, 60), if(length({{ text }}) > 60, '…', ''), '`', {{ calve.literal(said) }})
{%- endmacro %}
