with

credits as (

    select * from {{ ref('fct_attribution_credit') }}

),

touch_credits as (

    select
        *,
        row(touch_source, touch_id) as touch_key
    from credits
    where deliverable_id is not null

)

select
    deliverable_id,
    model,
    currency,
    cast(sum(credit_minor) as bigint) as credit_minor,
    count(distinct conversion_id) as conversions,
    count(distinct touch_key) as touches
from touch_credits
group by deliverable_id, model, currency
