{# What schema.yml says of a model: its columns, their rules, and `meta.calve`. #}

{# The columns of an event as it was landed. #}
{% macro event_columns() -%}
  {%- do return(['ingested_at', 'source_file', 'audit_event_id', 'audit_operation',
                 'audit_timestamp', 'tbl_schema', 'tbl_name', 'raw_data']) -%}
{%- endmacro %}

{# The node of the model that is being written; of a unit test, that of the model under test. #}
{% macro this_node() -%}
  {%- if model.resource_type != 'unit_test' -%}
    {%- do return(model) -%}
  {%- endif -%}
  {%- do return(graph.nodes.values() | selectattr('resource_type', 'equalto', 'model')
                | selectattr('unique_id', 'equalto', model.tested_node_unique_id) | first) -%}
{%- endmacro %}

{# meta.calve of a node; {} where there is none. #}
{% macro meta_of(node) -%}
  {%- do return((node.config.get('meta') or {}).get('calve') or {}) -%}
{%- endmacro %}

{# meta.calve of a model that must have one of a kind. #}
{% macro meta_as(node, kind) -%}
  {%- set meta = calve.meta_of(node) -%}
  {%- if meta.get('kind') != kind -%}
    {%- do exceptions.raise_compiler_error('contract: model ' ~ node.name ~ ' is written as `' ~ kind
        ~ '`, and its meta.calve.kind is `' ~ meta.get('kind') ~ '`; correct the one or the other') -%}
  {%- endif -%}
  {%- do return(meta) -%}
{%- endmacro %}

{% macro order_by(meta) -%}
  {%- do return(meta.get('order_by') or ['audit_timestamp', 'audit_event_id']) -%}
{%- endmacro %}

{# The tests of a column that hold for every row, as dbt knows them: [(name, arguments)]. #}
{% macro row_tests(node, column) -%}
  {%- set found = [] -%}
  {%- for test in graph.nodes.values() | selectattr('resource_type', 'equalto', 'test')
        | selectattr('attached_node', 'defined') | selectattr('attached_node', 'equalto', node.unique_id)
        | selectattr('column_name', 'equalto', column) -%}
    {%- if test.test_metadata and not test.config.get('where')
          and (test.config.get('severity') or 'error') | lower == 'error' -%}
      {%- do found.append((test.test_metadata.name, test.test_metadata.kwargs)) -%}
    {%- endif -%}
  {%- endfor -%}
  {%- do return(found) -%}
{%- endmacro %}

{# Key and order columns of the marts that are made from a model: they can't be null in it. #}
{% macro columns_needed_downstream(node) -%}
  {%- set needed = [] -%}
  {%- for other in graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') -%}
    {%- set meta = calve.meta_of(other) -%}
    {%- if meta.get('from') == node.name -%}
      {%- for column in (meta.get('key') or []) + calve.order_by(meta) if column not in needed -%}
        {%- do needed.append(column) -%}
      {%- endfor -%}
    {%- endif -%}
  {%- endfor -%}
  {%- do return(needed) -%}
{%- endmacro %}

{# A type's spelling without what carries no meaning, so that spellings can be compared. #}
{% macro plain_type(data_type) -%}
  {%- set text = modules.re.sub('\\s+', ' ', data_type | string | lower | trim) -%}
  {%- set text = modules.re.sub('\\s*([(),])\\s*', '\\1', text) -%}
  {%- set text = modules.re.sub('\\)(\\w)', ') \\1', text) -%}
  {%- set spellings = {'int': 'integer', 'bool': 'boolean', 'string': 'varchar',
                       'double precision': 'double', 'decimal': 'decimal(38,0)',
                       'numeric': 'decimal(38,0)', 'dec': 'decimal(38,0)',
                       'timestamp(6) without time zone': 'timestamp(6)'} -%}
  {%- set text = spellings.get(text, text) -%}
  {%- set text = modules.re.sub('^(numeric|dec)\\(', 'decimal(', text) -%}
  {%- do return(modules.re.sub('^decimal\\((\\d+)\\)$', 'decimal(\\1,0)', text)) -%}
{%- endmacro %}

{# The payload's member that a column holds. #}
{% macro member_of(column) -%}
  {%- set meta = ((column.get('config') or {}).get('meta') or column.get('meta') or {}).get('calve') or {} -%}
  {%- set path = meta.get('path') -%}
  {%- if not path -%}
    {%- do return(column.name) -%}
  {%- elif path.startswith('$.') -%}
    {%- do return(path[2:]) -%}
  {%- endif -%}
  {%- do return(path[3:-2]) -%}
{%- endmacro %}

{# The columns of a model in their order: name, type, and `member`, none for a column of the event. #}
{% macro columns_of(node) -%}
  {%- set columns = [] -%}
  {%- for column in node.columns.values() -%}
    {%- set of_event = column.name in calve.event_columns() and column.name != 'raw_data' -%}
    {%- do columns.append({'name': column.name, 'type': calve.plain_type(column.data_type),
                           'member': none if of_event else calve.member_of(column)}) -%}
  {%- endfor -%}
  {%- do return(columns) -%}
{%- endmacro %}

{% macro column_names(node) -%}
  {%- do return(node.columns.values() | map(attribute='name') | list) -%}
{%- endmacro %}
