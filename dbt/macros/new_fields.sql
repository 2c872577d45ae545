{# Fields of payloads that the contract does not name. On Trino columns come from the contract alone:
   a name out of a payload never becomes part of a statement. #}

{% macro check_new_fields(plan, upstream, contract) -%}
  {%- set evolution = contract.meta.get('schema_evolution') or 'propagate' -%}
  {%- if contract.meta.kind != 'flatten' or evolution == 'contract' -%}{%- do return(none) -%}{%- endif -%}
  {%- set members = contract.columns | map(attribute='member') | reject('none') | list -%}
  {%- set found = calve.rows_of('select field, count(*) from (' ~ calve.judged(plan, upstream, contract)
        ~ ') cross join unnest(map_keys(cast(_calve_payload as map(varchar, json)))) as u(field)'
        ~ ' where _calve_violation is null and field not in (' ~ calve.literals(members) ~ ')'
        ~ ' group by 1 order by 2 desc, 1 limit 10') -%}
  {%- if found and evolution == 'fail' -%}
    {%- do exceptions.raise_compiler_error('new_field: model ' ~ this.identifier ~ ' has `schema_evolution: fail`, and its'
        ~ ' source has the field `' ~ found[0][0] ~ '`, which its contract does not name; add it: calve contract accept') -%}
  {%- elif found -%}
    {%- do exceptions.warn('model ' ~ this.identifier ~ ': the fields ' ~ found | map(attribute=0) | join(', ')
        ~ ' are not in the contract, and are kept in raw_data only; take them in by: calve contract accept') -%}
  {%- endif -%}
{%- endmacro %}
