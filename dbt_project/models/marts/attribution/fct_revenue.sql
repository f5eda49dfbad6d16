with

conversions as (

    select * from {{ ref('int_conversions') }}

)

select
    conversion_id,
    currency,
    'client' as revenue_party,
    conversion_kind,
    amount_minor,
    revenue_rows,
    contact_id,
    account_id,
    refund_of,
    converted_at
from conversions
