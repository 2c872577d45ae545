{# What a run of a model does, decided while its SQL is written, and kept in the SQL's first line, so
   that what runs is what was decided:

   mode      build: make the table anew, of the whole upstream
             changes: merge what the upstream gained since `from`
             scan: merge the whole upstream, since what it gained can't be told
             none: nothing is new
   from, to  snapshots of the upstream; `own` the table's
   bounds    the least and largest new value of `bounded`, to prune the table's files by
   rows      how many rows of the upstream are new
   deletes   how many of them are deletes #}

{# The plan for a model that reads one upstream. `bounded` is a column of whole numbers, or none. #}
{% macro plan(upstream, contract, bounded) -%}
  {%- if not execute or model.resource_type != 'model' -%}
    {%- do return({'mode': 'build', 'to': none}) -%}
  {%- endif -%}
  {%- set target = load_relation(this) -%}
  {%- set plan = {'mode': 'build', 'from': none, 'to': none, 'own': none,
                  'bounded': bounded, 'bounds': none, 'rows': none, 'deletes': none} -%}
  {%- if target is none or should_full_refresh() or calve.gained_columns(target, contract) -%}
    {%- do plan.update({'to': calve.tip_of(upstream)}) -%}
    {%- do return(plan) -%}
  {%- endif -%}
  {%- do plan.update(calve.positions(target, upstream)) -%}
  {%- if plan.to is none or plan.from == plan.to -%}
    {%- do plan.update({'mode': 'none'}) -%}
    {%- do return(plan) -%}
  {%- endif -%}
  {%- set gained = plan.from is not none and calve.only_gained(upstream, plan.from, plan.to) -%}
  {%- do plan.update({'mode': 'changes' if gained else 'scan'}) -%}
  {%- do calve.measure(plan, upstream) -%}
  {%- do return(plan) -%}
{%- endmacro %}

{# Adds `rows`, `deletes` and `bounds` to a plan; changes without a row make it `none`. #}
{% macro measure(plan, upstream) -%}
  {%- set bounds = 'cast(min(' ~ calve.name(plan.bounded) ~ ') as varchar), cast(max(' ~ calve.name(plan.bounded)
        ~ ') as varchar)' if plan.bounded else 'cast(null as varchar), cast(null as varchar)' -%}
  {%- set low, high, rows, deletes = calve.rows_of('select ' ~ bounds ~ ', cast(count(*) as varchar),'
        ~ " cast(count_if(audit_operation = 'D') as varchar) from " ~ calve.new_rows(plan, upstream))[0] -%}
  {%- do plan.update({'rows': rows | int, 'deletes': deletes | int}) -%}
  {%- if plan.bounded and low is not none -%}
    {%- do plan.update({'bounds': [low | int, high | int]}) -%}
  {%- endif -%}
  {%- if plan.rows == 0 and plan.mode == 'changes' -%}
    {%- do plan.update({'mode': 'none'}) -%}
  {%- endif -%}
{%- endmacro %}

{# The relation that holds what is new, in FROM. #}
{% macro new_rows(plan, upstream) -%}
  {%- if plan.mode == 'changes' -%}
    (select * from table({{ calve.name(upstream.database) }}.system.table_changes(
      schema_name => {{ calve.literal(upstream.schema) }}, table_name => {{ calve.literal(upstream.identifier) }},
      start_snapshot_id => {{ plan.from }}, end_snapshot_id => {{ plan.to }}))
      where _change_type = 'insert')
  {%- elif plan.mode == 'none' -%}
    (select * from {{ upstream }} where false)
  {%- else -%}
    {{ calve.as_read(plan, upstream) }}
  {%- endif -%}
{%- endmacro %}

{# The whole upstream as of the plan, in FROM. #}
{% macro as_read(plan, upstream) -%}
  {{ upstream }}{% if plan.to %} for version as of {{ plan.to }}{% endif %}
{%- endmacro %}

{% macro plan_comment(plan) -%}
  /* calve {{ tojson(plan) | replace('*/', '*\\/') }} */
{%- endmacro %}

{# The plan that an SQL text was written by; of other SQL, a plan by the table's presence. #}
{% macro plan_of(sql) -%}
  {%- set found = modules.re.search('/\\* calve (\\{.*\\}) \\*/', sql) -%}
  {%- if found -%}
    {%- do return(fromjson(found.group(1))) -%}
  {%- endif -%}
  {%- set target = load_relation(this) -%}
  {%- set fresh = target is none or should_full_refresh() -%}
  {%- do return({'mode': 'build' if fresh else 'merge', 'to': none, 'bounds': none, 'deletes': none,
                 'own': none if fresh else calve.tip_of(target)}) -%}
{%- endmacro %}

{# Whether the contract has columns that the table lacks, which are filled by making the table anew.
   Any other difference, and one that on_schema_change forbids, is the halt `contract_changed`. #}
{% macro gained_columns(target, contract) -%}
  {%- set stored = {} -%}
  {%- for column in adapter.get_columns_in_relation(target) -%}
    {%- do stored.update({column.name: calve.plain_type(column.data_type)}) -%}
  {%- endfor -%}
  {%- set gained = [] -%}
  {%- for column in contract.columns -%}
    {%- if column.name not in stored -%}
      {%- do gained.append(column.name) -%}
    {%- elif stored.pop(column.name) != column.type -%}
      {%- do calve.halt_contract_changed(target, 'column ' ~ column.name ~ ' has another type than in the contract') -%}
    {%- endif -%}
  {%- endfor -%}
  {%- if stored -%}
    {%- do calve.halt_contract_changed(target, 'the contract does not have column ' ~ (stored.keys() | first)) -%}
  {%- elif gained and config.get('on_schema_change', 'append_new_columns') == 'fail' -%}
    {%- do calve.halt_contract_changed(target, 'the contract has the new column ' ~ gained[0]) -%}
  {%- endif -%}
  {%- do return(gained | length > 0) -%}
{%- endmacro %}

{% macro halt_contract_changed(target, what) -%}
  {%- do exceptions.raise_compiler_error('contract_changed: ' ~ target ~ ': ' ~ what
      ~ '; undo the change, or make the rows anew: dbt run --full-refresh --select ' ~ this.identifier ~ '+') -%}
{%- endmacro %}
