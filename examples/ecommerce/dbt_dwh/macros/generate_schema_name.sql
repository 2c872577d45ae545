{# In target prod schemas are named as in dbt_project.yml; in any other they get the target's own
   before them, so that trying things out never touches what others read. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
  {%- if custom_schema_name is none -%} {{ target.schema }}
  {%- elif target.name == 'prod' -%} {{ custom_schema_name | trim }}
  {%- else -%} {{ target.schema }}_{{ custom_schema_name | trim }}
  {%- endif -%}
{%- endmacro %}
