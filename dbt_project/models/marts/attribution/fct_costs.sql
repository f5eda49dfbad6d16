with

costs as (

    select * from {{ ref('stg_files__costs') }}

)

select
    cost_source,
    cost_id,
    deliverable_id,
    amount_minor,
    currency,
    worked_minutes,
    worked_at
from costs
