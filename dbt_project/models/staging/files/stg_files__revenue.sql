with

source as (

    select * from {{ source('files', 'revenue') }}

)

select
    source as revenue_source,
    revenue_id,
    deal_key,
    amount_minor,
    currency,
    booked_at
from source
