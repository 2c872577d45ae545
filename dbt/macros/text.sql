{# Names and texts in SQL. Whatever comes from schema.yml goes through one of these. #}

{% macro name(text) -%}
  "{{ text | replace('"', '""') }}"
{%- endmacro %}

{% macro literal(text) -%}
  '{{ text | string | replace("'", "''") }}'
{%- endmacro %}

{# Names with a prefix (`s.`), as a list with commas. #}
{% macro names(columns, prefix='') -%}
  {%- for column in columns %}{{ prefix }}{{ calve.name(column) }}{{ ', ' if not loop.last }}{% endfor -%}
{%- endmacro %}

{# Texts as a list with commas. #}
{% macro literals(texts) -%}
  {%- for text in texts %}{{ calve.literal(text) }}{{ ', ' if not loop.last }}{% endfor -%}
{%- endmacro %}
