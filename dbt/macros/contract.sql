{# What schema.yml says of a model: its columns, their rules, and `meta.calve`. #}

{# The columns of an event as it was landed. #}
{% macro event_columns() -%}
  {%- do return(['ingested_at', 'source_file', 'audit_event_id', 'audit_operation',
                 'audit_timestamp', 'tbl_schema', 'tbl_name', 'raw_data']) -%}
{%- endmacro %}

{# The contract of the model that is being written, none while dbt only parses:

     name      the model's
     meta      meta.calve
     columns   in their order: name, type (as plain_type has it), member (of the payload; none for a
               column of the event), not_null, accepted (values, or none)
     checks    SQL conditions
     needed    the columns that models downstream can't do without #}
{% macro contract(kind) -%}
  {%- set contract = none -%}
  {%- if model.resource_type == 'unit_test' -%}
    {%- set contract = calve.contract_of_unit_test() -%}
  {%- elif execute -%}
    {%- set contract = calve.contract_of(model) -%}
  {%- endif -%}
  {%- if contract is not none and contract.meta.get('kind') != kind -%}
    {%- do exceptions.raise_compiler_error('contract: model ' ~ contract.name ~ ' is written as `' ~ kind
        ~ '`, and its meta.calve.kind is `' ~ contract.meta.get('kind') ~ '`; correct the one or the other') -%}
  {%- endif -%}
  {%- do return(contract) -%}
{%- endmacro %}

{# A unit test runs without the graph of nodes, which it still has while it is parsed. So the contract
   travels from there among its refs, as one that nothing resolves. #}
{% macro contract_of_unit_test() -%}
  {%- if not execute -%}
    {%- for node in graph.get('nodes', {}).values() if node.unique_id == model.tested_node_unique_id -%}
      {%- do ref('calve.contract ' ~ tojson(calve.contract_of(node))) -%}
    {%- endfor -%}
    {%- do return(none) -%}
  {%- endif -%}
  {%- for carrier in model.refs if carrier.name.startswith('calve.contract ') -%}
    {%- do return(fromjson(carrier.name[15:])) -%}
  {%- endfor -%}
{%- endmacro %}

{% macro contract_of(node) -%}
  {%- set columns = [] -%}
  {%- set tests = calve.row_tests(node) -%}
  {%- set constraints = (node.get('constraints') or []) | list -%}
  {%- for column in node.columns.values() -%}
    {%- set of_event = column.name in calve.event_columns() and column.name != 'raw_data' -%}
    {%- set rules = calve.rules_of(column, tests) -%}
    {%- do columns.append({'name': column.name, 'type': calve.plain_type(column.data_type),
                           'member': none if of_event else calve.member_of(column),
                           'not_null': rules.not_null, 'accepted': rules.accepted}) -%}
    {%- do constraints.extend(column.get('constraints') or []) -%}
  {%- endfor -%}
  {%- do return({'name': node.name, 'meta': calve.meta_of(node), 'columns': columns,
                 'checks': constraints | selectattr('type', 'equalto', 'check') | map(attribute='expression') | list,
                 'needed': calve.columns_needed_downstream(node)}) -%}
{%- endmacro %}

{# meta.calve of a node; {} where there is none. #}
{% macro meta_of(node) -%}
  {%- do return((node.config.get('meta') or {}).get('calve') or {}) -%}
{%- endmacro %}

{% macro order_by(meta) -%}
  {%- do return(meta.get('order_by') or ['audit_timestamp', 'audit_event_id']) -%}
{%- endmacro %}

{# The tests of a model's columns that hold for every row. #}
{% macro row_tests(node) -%}
  {%- set tests = [] -%}
  {%- for test in graph.nodes.values() | selectattr('resource_type', 'equalto', 'test')
        if test.get('attached_node') == node.unique_id and test.get('column_name') and test.test_metadata
          and not test.config.get('where') and (test.config.get('severity') or 'error') | lower == 'error' -%}
    {%- do tests.append(test) -%}
  {%- endfor -%}
  {%- do return(tests) -%}
{%- endmacro %}

{# Whether a column may be null, and the values that it may have, by its constraints and by the
   model's row_tests. The operation is always one of three. #}
{% macro rules_of(column, tests) -%}
  {%- set is_operation = column.name == 'audit_operation' -%}
  {%- set declared = (column.get('constraints') or []) | selectattr('type', 'equalto', 'not_null') | list -%}
  {%- set rules = {'not_null': is_operation or declared | length > 0, 'accepted': ['I', 'U', 'D'] if is_operation else none} -%}
  {%- for test in tests | selectattr('column_name', 'equalto', column.name) -%}
    {%- if test.test_metadata.name == 'not_null' -%}
      {%- do rules.update({'not_null': true}) -%}
    {%- elif test.test_metadata.name == 'accepted_values' -%}
      {%- do rules.update({'accepted': test.test_metadata.kwargs['values']}) -%}
    {%- endif -%}
  {%- endfor -%}
  {%- do return(rules) -%}
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

{% macro column_names(contract) -%}
  {%- do return(contract.columns | map(attribute='name') | list) -%}
{%- endmacro %}
