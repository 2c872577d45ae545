{# For a model of one's own: makes its table's columns those of its SQL, as dbt's `on_schema_change` says,
   and gives the names of the SQL's columns; none where it is `ignore`. #}
{% macro follow_schema_changes(target, sql) -%}
  {%- set approach = incremental_validate_on_schema_change(config.get('on_schema_change')) -%}
  {%- if approach == 'ignore' -%}{%- do return(none) -%}{%- endif -%}
  {%- set shape = make_temp_relation(target) -%}
  {%- do run_query('create or replace table ' ~ shape ~ ' as select * from (' ~ sql ~ ') with no data') -%}
  {%- set changes = check_for_schema_changes(shape, target) -%}
  {%- do adapter.drop_relation(shape) -%}
  {%- if changes.schema_changed and approach == 'fail' -%}
    {%- set differ = changes.source_not_in_target + changes.target_not_in_source -%}
    {%- do calve.halt_contract_changed(target, 'column ' ~ differ[0].name ~ ' is in the table or in the SQL alone'
          if differ else 'column ' ~ changes.new_target_types[0].column_name ~ ' has another type in the SQL') -%}
  {%- elif changes.schema_changed -%}
    {%- do sync_column_schemas(approach, target, changes) -%}
  {%- endif -%}
  {%- do return(changes.source_columns | map(attribute='name') | list) -%}
{%- endmacro %}
