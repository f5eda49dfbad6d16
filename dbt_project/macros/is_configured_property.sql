{#- Whether a Search Console property is configured: rows of one that left stay in the lake and are read no more. -#}
{% macro is_configured_property(property) -%}
    list_contains(
        cast([{% for configured in var('search_clients') %}'{{ configured | replace("'", "''") }}'{{ ', ' if not loop.last }}{% endfor %}] as varchar []),
        {{ property }}
    )
{%- endmacro %}
