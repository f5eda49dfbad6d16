with

pairs as (

    select * from {{ ref('int_eligible_pairs') }}

),

attribution_models as (

    select * from {{ ref('int_attribution_models') }}

),

-- Shares are whole numbers, so that the allocation of cents never meets a rounded weight.
shares as (

    select
        pairs.conversion_id,
        attribution_models.attribution_model,
        pairs.touch_source,
        pairs.touch_id,
        pairs.deliverable_id,
        pairs.channel,
        pairs.touched_at,
        cast(
            case attribution_models.attribution_model
                when 'first' then case when pairs.touch_position = 1 then 1 else 0 end
                when 'last' then case when pairs.touch_position = pairs.touch_count then 1 else 0 end
                when 'linear' then 1
            end as bigint
        ) as share
    from pairs
    cross join attribution_models

)

select
    *,
    sum(share) over (partition by conversion_id, attribution_model) as total_share
from shares
where share > 0
