with

source as (

    select * from {{ source('files', 'touches') }}

)

select
    source as touch_source,
    touch_id,
    contact_id,
    account_id,
    deliverable_id,
    channel,
    touch_type,
    milestone,
    touched_at
from source
