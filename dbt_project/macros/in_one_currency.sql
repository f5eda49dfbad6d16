{#- A sum of money where it is in at most one currency: 0 in none, null in several. -#}
{% macro in_one_currency(amount, currencies) -%}
    case when coalesce({{ currencies }}, 0) <= 1 then cast(coalesce({{ amount }}, 0) as bigint) end
{%- endmacro %}
