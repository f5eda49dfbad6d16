with

touches as (

    select * from {{ ref('stg_files__touches') }}

)

select
    touch_source,
    touch_id,
    contact_id,
    account_id,
    deliverable_id,
    channel,
    touch_type,
    milestone,
    touched_at
from touches
