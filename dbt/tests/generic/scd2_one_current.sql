{# Fails for each key that has not just one current version, or whose current version has an end. #}
{% test scd2_one_current(model, key) %}
select {{ calve.names(key) }}, count_if(is_current) as current_versions, count_if(valid_to is null) as open_versions
from {{ model }}
group by {{ calve.names(key) }}
having count_if(is_current) <> 1 or count_if(valid_to is null) <> 1 or count_if(is_current and valid_to is null) <> 1
{% endtest %}
