{{ config(materialized='view') }}

{% for property, client_id in var('search_clients').items() %}
select
    '{{ property | replace("'", "''") }}' as property,
    '{{ client_id | replace("'", "''") }}' as client_id
union all
{% endfor %}
select
    cast(null as varchar) as property,
    cast(null as varchar) as client_id
where false
