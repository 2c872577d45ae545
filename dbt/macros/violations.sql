{# The rules that a row must keep by itself, as in the native engine: the payload, then key and order
   columns, then the others in their order, then check constraints. The first that is broken counts. #}

{# An expression: row(rule, column_name, reason), null for a row that keeps its contract. #}
{% macro violation_of(node, columns) -%}
  {%- set needed = calve.columns_needed_downstream(node) -%}
  case
    when _calve_payload is null and starts_with(raw_data, 'calve:unfit ') then {{ calve.unfit_violation() }}
    when _calve_payload is null then {{ calve.violation('payload', none, "'raw_data is not one JSON object'") }}
    {% for first in [true, false] -%}
      {%- set texts = namespace(count=0) -%}
      {%- for column in columns -%}
        {%- if column.member is not none -%}{%- set texts.count = texts.count + 1 -%}{%- endif -%}
        {%- if (column.name in needed) == first -%}
          {{- calve.column_rules(node, column, first, '_calve_text_' ~ texts.count) -}}
        {%- endif -%}
      {%- endfor -%}
    {%- endfor -%}
    {{ calve.check_rules(node) }}
  end
{%- endmacro %}

{# The WHENs of one column. `needed`: a model downstream can't do without it. #}
{% macro column_rules(node, column, needed, text) -%}
  {%- set tests = calve.row_tests(node, column.name) -%}
  {%- set value = calve.name(column.name) -%}
  {%- set is_operation = column.name == 'audit_operation' -%}
  {%- set declared = node.columns[column.name].get('constraints') or [] -%}
  {%- if needed or is_operation or tests | selectattr(0, 'equalto', 'not_null') | list
        or declared | selectattr('type', 'equalto', 'not_null') | list %}
    when {{ value if column.member is none else text }} is null
      then {{ calve.violation('not_null', column.name, calve.literal(column.name ~ ' is null')) }}
  {%- endif -%}
  {%- if column.member is not none and column.type != 'varchar' %}
    when {{ text }} is not null and {{ value }} is null
      then {{ calve.violation('cast', column.name, calve.quoted(text, ' is no ' ~ column.type)) }}
  {%- endif -%}
  {%- set accepted = namespace(values=none) -%}
  {%- for test, arguments in tests if test == 'accepted_values' -%}
    {%- set accepted.values = arguments['values'] -%}
  {%- endfor -%}
  {%- if is_operation and accepted.values is none -%}{%- set accepted.values = ['I', 'U', 'D'] -%}{%- endif -%}
  {%- if accepted.values is not none %}
    when {{ value }} is not null and not coalesce({{ value }} in (
        {%- for one in accepted.values %}{{ calve.cast_text(calve.literal(one), column.type) }}{{ ', ' if not loop.last }}{% endfor %}), false)
      then {{ calve.violation('accepted_values', column.name,
                              calve.quoted('cast(' ~ value ~ ' as varchar)', ' is none of ' ~ accepted.values | join(', '))) }}
  {%- endif -%}
{%- endmacro %}

{# The WHENs of a model's check constraints, of its columns first. #}
{% macro check_rules(node) -%}
  {%- set checks = [] -%}
  {%- for constraint in node.get('constraints') or [] -%}{%- do checks.append(constraint) -%}{%- endfor -%}
  {%- for column in node.columns.values() -%}
    {%- for constraint in column.get('constraints') or [] -%}{%- do checks.append(constraint) -%}{%- endfor -%}
  {%- endfor -%}
  {%- for check in checks if check.type == 'check' %}
    when not ({{ check.expression }})
      then {{ calve.violation('check', none, calve.quoted(calve.literal(check.expression), ' is false')) }}
  {%- endfor -%}
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
