with

conversions as (

    select distinct
        conversion_id,
        contact_id,
        account_id,
        refund_of,
        converted_at
    from {{ ref('int_conversions') }}

),

-- A refund is matched as the conversion it takes back: same identity, same instant, hence the same touches and
-- weights, and the net is zero per touch. A refund of a refund, or of nothing known, stands for itself.
matched_as as (

    select
        conversions.conversion_id,
        coalesce(originals.conversion_id, conversions.conversion_id) as matched_conversion_id
    from conversions
    left join conversions as originals
        on
            conversions.refund_of = originals.conversion_id
            and originals.refund_of is null

)

select
    matched_as.conversion_id,
    matched_as.matched_conversion_id,
    conversions.contact_id,
    conversions.account_id,
    conversions.converted_at as matched_at
from matched_as
inner join conversions on matched_as.matched_conversion_id = conversions.conversion_id
