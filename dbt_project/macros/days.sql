{#- Days of 86,400 s as an interval: instants, never calendar days, so that no clock change moves a window. -#}
{% macro days(count) -%}
    ({{ count }} * 86400 * interval '1 second')
{%- endmacro %}
