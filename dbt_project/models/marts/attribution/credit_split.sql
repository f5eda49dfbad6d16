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
        case
            when credits.reason is not null then credits.reason
            when deliverables.deliverable_id is not null then 'deliverable'
            else 'no_deliverable'
        end as went_to,
        credits.reason is not null as is_unattributed,
        credits.credit_minor,
        credits.conversion_id
    from credits
    left join deliverables on credits.deliverable_id = deliverables.deliverable_id

),

split as (

    select
        model,
        currency,
        went_to,
        is_unattributed,
        cast(sum(credit_minor) as bigint) as credit_minor,
        cast(sum(abs(cast(credit_minor as hugeint))) as bigint) as volume_minor,
        count(distinct conversion_id) as conversions
    from classified
    group by model, currency, went_to, is_unattributed

)

select
    model,
    currency,
    went_to,
    is_unattributed,
    credit_minor,
    volume_minor,
    conversions,
    cast(volume_minor as double) / nullif(sum(volume_minor) over (partition by model, currency), 0) as volume_share
from split
