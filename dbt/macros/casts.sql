{# One grammar of casts in both engines: docs/casts.md. Each macro takes an SQL expression of type
   varchar and writes one of the column's type, null where the text is not of the grammar. #}

{% macro cast_text(text, data_type) -%}
  {%- set trimmed = "trim(both ' ' from " ~ text ~ ")" -%}
  {%- if data_type == 'varchar' -%}
    {{ text }}
  {%- elif data_type in ['integer', 'bigint'] -%}
    {{ calve.cast_like(trimmed, '\\A[+-]?[0-9]+\\z', data_type) }}
  {%- elif data_type in ['real', 'double'] -%}
    {{ calve.cast_floating(trimmed, data_type) }}
  {%- elif data_type.startswith('decimal(') -%}
    {{ calve.cast_like(trimmed, '\\A[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]{1,4})?\\z', data_type) }}
  {%- elif data_type == 'boolean' -%}
    {{ calve.cast_like(trimmed, '(?i)\\A(true|t|1|false|f|0)\\z', data_type) }}
  {%- elif data_type == 'date' -%}
    {{ calve.cast_like(trimmed, '\\A[0-9]{4,6}-[0-9]{1,2}-[0-9]{1,2}\\z', data_type) }}
  {%- elif data_type == 'timestamp(6)' -%}
    {{ calve.cast_timestamp(trimmed, 290307, 294246) }}
  {%- elif data_type == 'timestamp(6) with time zone' -%}
    {#- Trino holds fewer years with a zone than without. -#}
    with_timezone({{ calve.cast_timestamp(trimmed, 69000, 73000) }}, 'UTC')
  {%- else -%}
    {%- do exceptions.raise_compiler_error('contract: there is no cast to `' ~ data_type
        ~ '`; the types are those of docs/casts.md') -%}
  {%- endif -%}
{%- endmacro %}

{% macro cast_like(text, pattern, data_type) -%}
  case when regexp_like({{ text }}, '{{ pattern }}') then try_cast({{ text }} as {{ data_type }}) end
{%- endmacro %}

{# Trino makes Infinity of what is too large, which here is a violation. #}
{% macro cast_floating(text, data_type) -%}
  case when regexp_like({{ text }}, '\A[+-]?(NaN|Infinity)\z') then try_cast({{ text }} as {{ data_type }})
    when regexp_like({{ text }}, '\A[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\z')
      and is_finite(try_cast({{ text }} as {{ data_type }})) then try_cast({{ text }} as {{ data_type }}) end
{%- endmacro %}

{# The moment in UTC, of years from `first` BC to `last`. The text is taken apart once; `p` is year,
   month, day, hour, minute, second, decimals, offset, BC. #}
{% macro cast_timestamp(text, first, last) -%}
  {%- set pattern = '\\A([0-9]{4,6})-([0-9]{2})-([0-9]{2})(?:(?:T| +)([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\\.([0-9]+))?)?'
      ~ '(?: *(Z|UTC|[+-](?:0[0-9]|1[0-5])(?:[0-5][0-9]|:[0-5][0-9](?::[0-5][0-9])?)?))?)?( +BC)?\\z' -%}
  element_at(transform(
    filter(array[split(regexp_replace({{ text }}, '{{ pattern }}', g -> array_join(g, '|', '')), '|')],
           p -> cardinality(p) = 9 and (p[4] <> '24' or regexp_like(concat(p[5], p[6], p[7]), '\A0+\z'))
             and cast(p[1] as integer) <= if(p[9] = '', {{ last }}, {{ first }})),
    p -> try(date_add('second', {{ calve.offset_seconds('p[8]') }},
      date_add('day', if(p[4] = '24', 1, 0),
        cast(concat(if(p[9] = '', p[1], if(p[1] = '0001', '0000', concat('-', lpad(cast(cast(p[1] as integer) - 1 as varchar), 4, '0')))), '-', p[2], '-', p[3], ' ',
                    if(p[4] in ('', '24'), '00', p[4]), ':', if(p[5] = '', '00', p[5]), ':',
                    if(p[6] = '', '00', p[6]), '.', substr(rpad(p[7], 7, '0'), 1, 7)) as timestamp(6)))))), 1)
{%- endmacro %}

{# Seconds to add to a local time to have UTC. #}
{% macro offset_seconds(offset) -%}
  if({{ offset }} in ('', 'Z', 'UTC'), 0, (case when {{ offset }} like '-%' then 1 else -1 end) * (
    3600 * cast(substr({{ offset }}, 2, 2) as integer)
    + 60 * coalesce(try_cast(substr(replace({{ offset }}, ':', ''), 4, 2) as integer), 0)
    + coalesce(try_cast(substr(replace({{ offset }}, ':', ''), 6, 2) as integer), 0)))
{%- endmacro %}
