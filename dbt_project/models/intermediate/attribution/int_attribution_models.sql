{{ config(materialized='view') }}

{% for model in var('attribution_models') %}
    select '{{ model }}' as attribution_model
    {% if not loop.last %}union all{% endif %}
{% endfor %}
