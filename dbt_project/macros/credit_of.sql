{#- A model's credit in deliverable_performance: null where the model is not computed, which is not the same as 0. -#}
{% macro credit_of(model) -%}
    {%- if model in var('attribution_models') -%}
        {{ in_one_currency('credit_sums.credit_' ~ model ~ '_minor', 'credit_sums.credit_currencies') }}
    {%- else -%}
        cast(null as bigint)
    {%- endif -%}
{%- endmacro %}
