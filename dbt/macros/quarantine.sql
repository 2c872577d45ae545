{# Rows that break their contract: quarantine.<model>, the same table that the native engine keeps
   (docs/quarantine.md). #}

{% macro quarantine_relation() -%}
  {%- do return(api.Relation.create(database=this.database, schema=generate_schema_name('quarantine', model),
                                    identifier=this.identifier, type='table')) -%}
{%- endmacro %}

{# Puts the plan's violations into quarantine, each event once. With
   `on_violation: fail` it is the halt `violation`, and nothing is written. #}
{% macro quarantine_violations(plan, upstream, contract) -%}
  {%- set meta = contract.meta -%}
  {%- if meta.kind not in ['dedupe', 'flatten'] -%}{%- do return(none) -%}{%- endif -%}
  {%- set violations = calve.dedupe_violations(plan, upstream) if meta.kind == 'dedupe'
        else calve.flatten_violations(plan, upstream, contract) -%}
  {%- set summary = calve.rows_of('select rule, column_name, count(*), min(audit_event_id) from ('
                                  ~ violations ~ ') group by 1, 2 order by 3 desc') -%}
  {%- set count = summary | sum(attribute=2) | int -%}
  {%- if count and meta.get('on_violation') == 'fail' -%}
    {%- set rule, column, rows, first = summary[0] -%}
    {%- do exceptions.raise_compiler_error('violation: ' ~ count ~ ' events break the contract of ' ~ this.identifier
        ~ ', which is `on_violation: fail`; ' ~ rows ~ ' of them ' ~ rule ~ (' of ' ~ column if column else '')
        ~ ', the first is event ' ~ first ~ '; correct the contract, or let them go to quarantine') -%}
  {%- elif count -%}
    {%- do calve.write_quarantine(violations) -%}
    {%- do log('quarantined up to ' ~ count ~ ' events of ' ~ this.identifier, info=true) -%}
  {%- endif -%}
{%- endmacro %}

{% macro write_quarantine(violations) -%}
  {%- set table = calve.quarantine_relation() -%}
  {%- set moment = 'timestamp(6) with time zone' -%}
  {%- do adapter.create_schema(table) -%}
  {%- do run_query('create table if not exists ' ~ table ~ ' (quarantined_at ' ~ moment ~ ' not null, model varchar not null, rule varchar not null,'
        ~ ' column_name varchar, reason varchar, ingested_at ' ~ moment ~ ', source_file varchar, audit_event_id bigint,'
        ~ ' audit_operation varchar, audit_timestamp ' ~ moment ~ ', tbl_schema varchar, tbl_name varchar, raw_data varchar,'
        ~ ' discarded_at ' ~ moment ~ ', discard_note varchar)') -%}
  {%- set columns = ['rule', 'column_name', 'reason'] + calve.event_columns() -%}
  {%- do run_query('merge into ' ~ table ~ ' as t using (select * from (select *, row_number() over (partition by audit_event_id, '
        ~ calve.content('v') ~ ' order by ingested_at, source_file) as copy from (' ~ violations ~ ') as v) where copy = 1) as s'
        ~ ' on coalesce(t.audit_event_id, -1) = coalesce(s.audit_event_id, -1) and '
        ~ calve.content('t') ~ ' is not distinct from ' ~ calve.content('s')
        ~ ' when not matched then insert (quarantined_at, model, ' ~ calve.names(columns) ~ ') values (current_timestamp(6), '
        ~ calve.literal(this.identifier) ~ ', ' ~ calve.names(columns, 's.') ~ ')') -%}
{%- endmacro %}

{# After a full refresh: what the table now has is no longer in quarantine. #}
{% macro release_quarantined() -%}
  {%- set table = calve.quarantine_relation() -%}
  {%- if calve.meta_of(model).get('kind') == 'flatten'
        and load_relation(table) is not none -%}
    {%- do run_query('delete from ' ~ table ~ ' where discarded_at is null and audit_event_id in (select audit_event_id from ' ~ this ~ ')') -%}
  {%- endif -%}
{%- endmacro %}
