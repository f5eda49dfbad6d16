with

conversions as (

    select * from {{ ref('int_conversions') }}

),

touch_shares as (

    select * from {{ ref('int_touch_shares') }}

),

unmatched_conversions as (

    select * from {{ ref('int_unmatched_conversions') }}

),

attribution_models as (

    select * from {{ ref('int_attribution_models') }}

),

-- Largest remainder (Hamilton) on whole minor units of |amount|: everybody gets the floor of amount x share, and
-- what is left goes, one unit each, to the largest remainders; equal ones in touch order. HUGEINT holds the product.
divided as (

    select
        conversions.conversion_id,
        conversions.currency,
        conversions.amount_minor,
        conversions.converted_at,
        touch_shares.attribution_model,
        touch_shares.touch_source,
        touch_shares.touch_id,
        touch_shares.deliverable_id,
        touch_shares.channel,
        touch_shares.touched_at,
        touch_shares.share / touch_shares.total_share as weight,
        abs(cast(conversions.amount_minor as hugeint)) * touch_shares.share // touch_shares.total_share as floor_minor,
        abs(cast(conversions.amount_minor as hugeint)) * touch_shares.share % touch_shares.total_share as remainder
    from touch_shares
    inner join conversions on touch_shares.conversion_id = conversions.conversion_id

),

ranked as (

    select
        *,
        abs(cast(amount_minor as hugeint)) - sum(floor_minor) over (
            partition by conversion_id, currency, attribution_model
        ) as units_left,
        row_number() over (
            partition by conversion_id, currency, attribution_model
            order by remainder desc, touched_at asc, touch_id asc, touch_source asc
        ) as remainder_rank
    from divided

),

touch_credits as (

    select
        conversion_id,
        currency,
        attribution_model,
        touch_source,
        touch_id,
        deliverable_id,
        channel,
        cast(null as varchar) as reason,
        weight,
        sign(amount_minor) * (floor_minor + case when remainder_rank <= units_left then 1 else 0 end) as credit_minor,
        converted_at,
        touched_at
    from ranked

),

unattributed_credits as (

    select
        conversions.conversion_id,
        conversions.currency,
        attribution_models.attribution_model,
        cast(null as varchar) as touch_source,
        cast(null as varchar) as touch_id,
        cast(null as varchar) as deliverable_id,
        cast(null as varchar) as channel,
        unmatched_conversions.reason,
        1.0 as weight,
        conversions.amount_minor as credit_minor,
        conversions.converted_at,
        cast(null as timestamp with time zone) as touched_at
    from unmatched_conversions
    inner join conversions on unmatched_conversions.conversion_id = conversions.conversion_id
    cross join attribution_models

),

credits as (

    select * from touch_credits
    union all
    select * from unattributed_credits

)

select
    conversion_id,
    currency,
    attribution_model as model,
    touch_source,
    touch_id,
    deliverable_id,
    channel,
    reason,
    cast(weight as double) as weight,
    cast(credit_minor as bigint) as credit_minor,
    converted_at,
    touched_at
from credits
