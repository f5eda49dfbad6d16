with

credits as (

    select * from {{ ref('fct_attribution_credit') }}

)

select
    deliverable_id,
    model,
    currency,
    cast(sum(credit_minor) as bigint) as credit_minor,
    count(distinct conversion_id) as conversions,
    count(distinct row(touch_source, touch_id)) as touches
from credits
where deliverable_id is not null
group by deliverable_id, model, currency
