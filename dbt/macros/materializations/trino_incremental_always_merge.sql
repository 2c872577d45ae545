{# Keeps a table equal to what its model says by one MERGE that inserts, updates and deletes.

   A row is told by `unique_key`, and is replaced only by one that is later in `order_by`, so that
   running again, or with rows that came late, changes nothing. Calve's own models take both from
   meta.calve; other models give them in their config, with `delete_when`: a condition on the new row
   `s` under which it deletes (default: never).

   The MERGE does nothing if the table has changed since its SQL was written, and the run then fails:
   two runs at once can't both win. Columns of a model of one's own follow its SQL as dbt's
   `on_schema_change` says (default: ignore). The first run, a full refresh, and a new column in the contract
   make the table by CREATE OR REPLACE ... AS: readers see the old table until the new one is there. #}

{% materialization trino_incremental_always_merge, adapter='trino', supported_languages=['sql'] %}
  {%- set plan = calve.plan_of(sql) -%}
  {%- set target = this.incorporate(type='table') -%}
  {%- set upstream = calve.upstream_of(model) -%}
  {{ run_hooks(pre_hooks) }}
  {%- if plan.mode == 'none' -%}
    {%- call noop_statement('main', 'nothing new', 'OK', 0) -%}{%- endcall -%}
    {%- set own = plan.own -%}
  {%- else -%}
    {%- if config.get('contract') and config.get('contract').enforced and plan.mode in ['build', 'merge'] -%}
      {%- do get_assert_columns_equivalent(sql) -%}
    {%- endif -%}
    {%- if plan.mode == 'scan' -%}{%- do calve.check_nothing_vanished(plan, upstream) -%}{%- endif -%}
    {%- if plan.to -%}
      {%- set contract = calve.contract_of(model) -%}
      {%- do calve.check_new_fields(plan, upstream, contract) -%}
      {%- do calve.quarantine_violations(plan, upstream, contract) -%}
    {%- endif -%}
    {%- set columns = calve.follow_schema_changes(target, sql) if plan.mode == 'merge' else none -%}
    {%- call statement('main') -%}
      {{ calve.build_sql(target, sql) if plan.mode == 'build'
         else calve.merge_sql(target, sql, plan, columns or calve.merged_columns(target)) }}
    {%- endcall -%}
    {%- set own = calve.committed_snapshot(target, plan) -%}
    {%- if plan.mode == 'build' -%}{%- do calve.release_quarantined() -%}{%- endif -%}
  {%- endif -%}
  {%- if plan.to and (plan.mode != 'none' or plan.from != plan.to) -%}
    {%- do calve.record_progress(target, plan.to, own) -%}
  {%- endif -%}
  {%- do persist_docs(target, model) -%}
  {%- do apply_grants(target, config.get('grants'), should_revoke=plan.mode != 'build') -%}
  {{ run_hooks(post_hooks) }}
  {{ return({'relations': [target]}) }}
{% endmaterialization %}

{# The relation that a model of Calve's kinds reads; none for others. #}
{% macro upstream_of(node) -%}
  {%- set from = calve.meta_of(node).get('from') -%}
  {%- for upstream in (graph.nodes.values() | list) + (graph.sources.values() | list)
        if upstream.unique_id in node.depends_on.nodes and upstream.name == from -%}
    {%- do return(api.Relation.create(database=upstream.database, schema=upstream.schema,
                                      identifier=upstream.get('alias') or upstream.identifier, type='table')) -%}
  {%- endfor -%}
  {%- if from -%}
    {%- do exceptions.raise_compiler_error('contract: model ' ~ node.name ~ ' is made from ' ~ from
        ~ ', but its SQL file does not read it; write `ref` or `source` of that name there') -%}
  {%- endif -%}
  {%- do return(none) -%}
{%- endmacro %}

{% macro build_sql(target, sql) -%}
  {%- set kind = calve.meta_of(model).get('kind') -%}
  {%- set properties = config.get('properties') or {} -%}
  {%- if kind in ['dedupe', 'flatten'] and 'partitioning' not in properties -%}
    {%- set properties = dict(properties, partitioning="ARRAY['day(ingested_at)']") -%}
  {%- endif -%}
  create or replace table {{ target }}
  {%- if properties %} with ({% for key, value in properties.items() %}{{ key }} = {{ value }}{{ ', ' if not loop.last }}{% endfor %}){% endif %} as
  {% if not kind and config.get('delete_when') -%}
  select * from (
{{ sql }}
  ) as s where {{ calve.merge_rules([]).insert_when }}
  {%- else -%}
  {{ sql }}
  {%- endif -%}
{%- endmacro %}

{# A MERGE that can delete makes Trino read every column of the target's files, one that can't its key and
   order columns alone. So it is told when nothing new deletes. #}
{% macro merge_sql(target, sql, plan, columns) -%}
  {%- set rules = calve.merge_rules(columns) -%}
  merge into {{ target }} as t
  using (
    select * from (
{{ sql }}
    ) where {{ calve.tip_query(target) }} = '{{ plan.own }}'
  ) as s
  on {% for column in rules.key %}t.{{ calve.name(column) }} = s.{{ calve.name(column) }} and {% endfor %}{{ calve.within_bounds(plan, 't.') }}
  {%- if rules.delete_when and plan.deletes != 0 %}
  when matched and {{ rules.update_when }} and ({{ rules.delete_when }}) then delete
  {%- endif %}
  {%- if rules.updates %}
  when matched and {{ rules.update_when }} then update set
    {% for column in rules.updates %}{{ calve.name(column) }} = s.{{ calve.name(column) }}{{ ', ' if not loop.last }}{% endfor %}
  {%- endif %}
  when not matched {{ 'and ' ~ rules.insert_when if rules.insert_when }} then insert ({{ calve.names(columns) }})
    values ({{ calve.names(columns, 's.') }})
{%- endmacro %}

{# How new rows `s` meet stored ones `t`: `key` tells a row; a stored one takes over the columns
   `updates` where `update_when` holds, and goes where `delete_when` holds, too; a row without a
   stored one is inserted where `insert_when` holds (none: always). #}
{% macro merge_rules(columns) -%}
  {%- set meta = calve.meta_of(model) -%}
  {%- set kind = meta.get('kind') -%}
  {%- if kind in ['dedupe', 'flatten'] -%}
    {%- do return({'key': ['audit_event_id'], 'updates': [], 'update_when': none, 'delete_when': none, 'insert_when': none}) -%}
  {%- elif kind == 'history' -%}
    {#- An event without its operation is a bare interval, of an event that the table lost. -#}
    {%- do return({'key': ['audit_event_id'] + meta.key, 'updates': ['valid_from', 'valid_to', 'is_current'],
                   'update_when': 'row(t.valid_from, t.valid_to, t.is_current) is distinct from row(s.valid_from, s.valid_to, s.is_current)',
                   'delete_when': none, 'insert_when': 's.audit_operation is not null'}) -%}
  {%- endif -%}
  {%- set key = meta.get('key') or config.get('unique_key') -%}
  {%- if not key -%}
    {%- do exceptions.raise_compiler_error('model ' ~ this.identifier ~ ' has no unique_key; give it in the model\'s config') -%}
  {%- endif -%}
  {%- set order = calve.order_by(meta) if kind else config.get('order_by') or [] -%}
  {%- set delete_when = "s.audit_operation = 'D'" if kind else config.get('delete_when') -%}
  {%- do return({'key': [key] if key is string else key, 'updates': columns, 'update_when': calve.is_later(order),
                 'delete_when': delete_when,
                 'insert_when': 'not coalesce(' ~ delete_when ~ ', false)' if delete_when else none}) -%}
{%- endmacro %}

{# Whether the new row `s` is later than the stored row `t`. #}
{% macro is_later(order) -%}
  {%- if not order -%} true {%- else -%}
  ({% for column in order -%}
    {%- if not loop.first %} or ({% for before in order[:loop.index0] %}s.{{ calve.name(before) }} = t.{{ calve.name(before) }} and {% endfor %}{% endif -%}
    s.{{ calve.name(column) }} > t.{{ calve.name(column) }}
    {%- if not loop.first %}){% endif -%}
  {%- endfor %})
  {%- endif -%}
{%- endmacro %}

{% macro merged_columns(target) -%}
  {%- if model.columns and config.get('contract') and config.get('contract').enforced -%}
    {%- do return(model.columns.values() | map(attribute='name') | list) -%}
  {%- endif -%}
  {%- do return(adapter.get_columns_in_relation(target) | map(attribute='name') | list) -%}
{%- endmacro %}

{# The snapshot in which the table holds what was merged. Fails if the table was changed by somebody
   else meanwhile, and the MERGE therefore did nothing. #}
{% macro committed_snapshot(target, plan) -%}
  {%- set made = calve.snapshot_made_by(target, load_result('main').response.query_id) -%}
  {%- if made is not none -%}{%- do return(made) -%}{%- endif -%}
  {%- if plan.mode == 'build' -%}{%- do return(calve.tip_of(target)) -%}{%- endif -%}
  {%- if calve.tip_of(target) != plan.own -%}
    {%- do exceptions.raise_compiler_error('conflict: ' ~ target
        ~ ' was changed by another writer while this model ran, and nothing was merged; run it again') -%}
  {%- endif -%}
  {%- do return(plan.own) -%}
{%- endmacro %}

{# Events that left the upstream are still here: a halt, as in the native engine. #}
{% macro check_nothing_vanished(plan, upstream) -%}
  {%- if calve.meta_of(model).get('kind') in ['dedupe', 'flatten'] -%}
    {%- set count, first = calve.rows_of('select count(*), min(audit_event_id) from ' ~ this ~ ' where audit_event_id not in (select audit_event_id from '
          ~ calve.as_read(plan, upstream) ~ ' where audit_event_id is not null)')[0] -%}
    {%- if count | int -%}
      {%- do exceptions.raise_compiler_error('rows_vanished: ' ~ count ~ ' events of ' ~ this ~ ' are no longer in ' ~ upstream
          ~ ', the first is event ' ~ first ~ '; bring them back, or make the table anew: dbt run --full-refresh --select '
          ~ this.identifier ~ '+') -%}
    {%- endif -%}
  {%- endif -%}
{%- endmacro %}
