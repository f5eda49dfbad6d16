with

deliverables as (

    select * from {{ ref('stg_operations__deliverables') }}

),

events as (

    select * from {{ ref('stg_ledger__events') }}

),

-- Known only from smoke tests: every registration of it was synthetic.
synthetic_deliverables as (

    select deliverable_id
    from events
    where event_type = 'deliverable.registered'
    group by deliverable_id
    having min(cast(is_synthetic as integer)) = 1

)

select
    deliverables.deliverable_id,
    deliverables.client_id,
    deliverables.deliverable_type,
    deliverables.tier,
    deliverables.url,
    deliverables.page_key,
    deliverables.first_source,
    deliverables.stage,
    deliverables.stage_since,
    deliverables.published_at,
    deliverables.registered_at,
    deliverables.illegal_moves,
    deliverables.is_held
from deliverables
left join synthetic_deliverables on deliverables.deliverable_id = synthetic_deliverables.deliverable_id
where synthetic_deliverables.deliverable_id is null
