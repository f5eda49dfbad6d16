-- A row names a touch or a reason, never both and never neither; an unattributed row stands alone.
{{ config(meta={'dagster': {'ref': {'name': 'fct_attribution_credit'}}}) }}
with

credit as (

    select
        *,
        count(*) over (partition by conversion_id, currency, model) as rows_of_conversion
    from {{ ref('fct_attribution_credit') }}

)

select *
from credit
where
    (touch_id is null) = (reason is null)
    or (touch_id is null and rows_of_conversion > 1)
