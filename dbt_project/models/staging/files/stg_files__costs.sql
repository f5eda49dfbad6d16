with

source as (

    select * from {{ source('files', 'costs') }}

)

select
    source as cost_source,
    cost_id,
    deliverable_id,
    amount_minor,
    currency,
    worked_minutes,
    worked_at
from source
