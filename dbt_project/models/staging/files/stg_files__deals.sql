with

source as (

    select * from {{ source('files', 'deals') }}

)

select
    source as deal_source,
    deal_key,
    contact_id,
    account_id,
    currency,
    refund_of,
    closed_at
from source
