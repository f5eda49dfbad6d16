with

credits as (

    select * from {{ ref('fct_attribution_credit') }}

),

deliverables as (

    select * from {{ ref('dim_deliverables') }}

),

-- Where each unit of credit went. The classes are exclusive and together are all there is.
classified as (

    select
        credits.model,
        credits.currency,
        credits.conversion_id,
        credits.credit_minor,
        case
            when credits.reason is not null then credits.reason
            when deliverables.deliverable_id is not null then 'deliverable'
            else 'no_deliverable'
        end as went_to
    from credits
    left join deliverables on credits.deliverable_id = deliverables.deliverable_id

),

summed as (

    select
        model,
        currency,
        count(distinct conversion_id) as conversions,
        count(distinct case when went_to in ('no_identity', 'no_touch', 'no_touch_in_window') then conversion_id end)
            as unattributed_conversions,
        sum(credit_minor) as revenue_minor,
        sum(case when went_to = 'deliverable' then credit_minor else 0 end) as deliverable_minor,
        sum(case when went_to = 'no_deliverable' then credit_minor else 0 end) as no_deliverable_minor,
        sum(case when went_to = 'no_identity' then credit_minor else 0 end) as no_identity_minor,
        sum(case when went_to = 'no_touch' then credit_minor else 0 end) as no_touch_minor,
        sum(case when went_to = 'no_touch_in_window' then credit_minor else 0 end) as no_touch_in_window_minor,
        sum(case when went_to in ('no_identity', 'no_touch', 'no_touch_in_window') then abs(credit_minor) else 0 end)
            as unattributed_absolute_minor,
        sum(abs(credit_minor)) as absolute_minor
    from classified
    group by model, currency

)

select
    model,
    currency,
    conversions,
    unattributed_conversions,
    cast(revenue_minor as bigint) as revenue_minor,
    cast(deliverable_minor as bigint) as deliverable_minor,
    cast(no_deliverable_minor as bigint) as no_deliverable_minor,
    cast(no_identity_minor as bigint) as no_identity_minor,
    cast(no_touch_minor as bigint) as no_touch_minor,
    cast(no_touch_in_window_minor as bigint) as no_touch_in_window_minor,
    cast(no_identity_minor + no_touch_minor + no_touch_in_window_minor as bigint) as unattributed_minor,
    cast(unattributed_absolute_minor as double) / nullif(absolute_minor, 0) as unattributed_share
from summed
