{#- An instant as wall time in Pacific time, in which Search Console counts its days. -#}
{% macro pacific_time(instant) -%}
    ({{ instant }} at time zone 'America/Los_Angeles')
{%- endmacro %}
