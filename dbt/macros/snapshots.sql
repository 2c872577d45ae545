{# Iceberg's own record of what a table gained, and how far a model has read its upstream.

   Progress is the table property `calve.dbt.progress`: {"upstream": a snapshot of the upstream, "own":
   the model's snapshot that holds everything up to there}. It is written after the rows, so it may lag
   behind them, and a repeat changes nothing; it counts only while `own` is an ancestor of the model's
   current snapshot, so a rollback or a CREATE OR REPLACE by others is noticed. #}

{# A metadata table of a relation: `"t$snapshots"`. #}
{% macro metadata_table(relation, kind) -%}
  {{ calve.name(relation.database) }}.{{ calve.name(relation.schema) }}.{{ calve.name(relation.identifier ~ '$' ~ kind) }}
{%- endmacro %}

{# The rows of a query, each a list of values. #}
{% macro rows_of(sql) -%}
  {%- set rows = [] -%}
  {%- for row in run_query(sql) -%}
    {%- do rows.append(row.values() | list) -%}
  {%- endfor -%}
  {%- do return(rows) -%}
{%- endmacro %}

{# The snapshot that a table is at, as a text: a scalar subquery, null for a table that never had one. #}
{% macro tip_query(relation) -%}
  (select cast(snapshot_id as varchar) from {{ calve.metadata_table(relation, 'refs') }} where name = 'main')
{%- endmacro %}

{# That snapshot; none for null. #}
{% macro tip_of(relation) -%}
  {%- do return(calve.text_or_none(calve.rows_of('select ' ~ calve.tip_query(relation))[0][0])) -%}
{%- endmacro %}

{# A value of a query as a text, not as the number that dbt takes it for. #}
{% macro text_or_none(value) -%}
  {%- do return('' ~ value if value is not none else none) -%}
{%- endmacro %}

{# Where a model and its upstream stand, as snapshots or none: `to` is the upstream's, `own` the
   model's, `from` the upstream's that the model has read up to, if it recorded one that still counts. #}
{% macro positions(target, upstream) -%}
  {%- set recorded = "(select json_extract_scalar(value, '$.upstream') from " ~ calve.metadata_table(target, 'properties')
        ~ " where key = 'calve.dbt.progress' and json_extract_scalar(value, '$.own') in"
        ~ ' (select cast(snapshot_id as varchar) from ' ~ calve.metadata_table(target, 'history') ~ ' where is_current_ancestor))' -%}
  {%- set to, own, from, version = calve.rows_of('select ' ~ calve.tip_query(upstream) ~ ', ' ~ calve.tip_query(target) ~ ', '
        ~ (recorded if var('calve_progress', 'snapshots') == 'snapshots' else 'cast(null as varchar)') ~ ', version()')[0] -%}
  {%- do calve.check_trino(version) -%}
  {%- do return({'to': calve.text_or_none(to), 'own': calve.text_or_none(own),
                 'from': '' ~ from if from and ('' ~ from).isdigit() else none}) -%}
{%- endmacro %}

{# A halt before a MERGE that is known to write wrong rows. #}
{% macro check_trino(version) -%}
  {%- if ('' ~ version).split('-')[0] == '477' -%}
    {%- do exceptions.raise_compiler_error('trino_version: Trino 477 writes rows twice in MERGE; use Trino 476') -%}
  {%- endif -%}
{%- endmacro %}

{% macro record_progress(relation, upstream, own) -%}
  {%- if var('calve_progress', 'snapshots') == 'snapshots' -%}
    {%- do run_query('alter table ' ~ relation ~ ' set properties extra_properties = '
          ~ "map(array['calve.dbt.progress'], array[" ~ calve.literal(tojson({'upstream': upstream, 'own': own})) ~ '])') -%}
  {%- endif -%}
{%- endmacro %}

{# Whether a table only gained rows from one snapshot to another, in a way that
   system.table_changes can tell: both are there, no delete files are live, nothing was taken away. #}
{% macro only_gained(relation, from_snapshot, to_snapshot) -%}
  {%- set by_id = {} -%}
  {%- for id, parent, plain in calve.rows_of("select cast(snapshot_id as varchar), cast(parent_id as varchar),"
        ~ " cast(operation in ('append', 'replace', 'overwrite')"
        ~ " and (operation = 'replace' or coalesce(element_at(summary, 'deleted-data-files'), '0') = '0')"
        ~ " and coalesce(element_at(summary, 'total-delete-files'), '0') = '0' as varchar)"
        ~ ' from ' ~ calve.metadata_table(relation, 'snapshots')) -%}
    {%- do by_id.update({'' ~ id: {'parent': '' ~ parent, 'plain': plain == 'true'}}) -%}
  {%- endfor -%}
  {%- set at = namespace(id=to_snapshot, sound=from_snapshot in by_id) -%}
  {%- for _ in range(by_id | length + 1) if at.sound and at.id != from_snapshot -%}
    {%- set at.sound = at.id in by_id and by_id[at.id].plain -%}
    {%- if at.sound -%}{%- set at.id = by_id[at.id].parent -%}{%- endif -%}
  {%- endfor -%}
  {%- do return(at.sound and at.id == from_snapshot) -%}
{%- endmacro %}

{# The snapshot of a table that a statement made; none if it made none. #}
{% macro snapshot_made_by(relation, query_id) -%}
  {%- set rows = calve.rows_of('select cast(snapshot_id as varchar) from ' ~ calve.metadata_table(relation, 'snapshots')
        ~ " where element_at(summary, 'trino_query_id') = " ~ calve.literal(query_id)) -%}
  {%- do return(calve.text_or_none(rows[0][0]) if rows else none) -%}
{%- endmacro %}
