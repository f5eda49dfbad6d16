with

deliverables as (

    select * from {{ ref('stg_operations__deliverables') }}

),

events as (

    select * from {{ ref('stg_ledger__events') }}

),

deliverable_urls as (

    select * from {{ ref('stg_operations__deliverable_urls') }}

),

-- Known only from smoke tests: every registration of it was synthetic.
synthetic_deliverables as (

    select deliverable_id
    from events
    where event_type = 'deliverable.registered'
    group by deliverable_id
    having min(cast(is_synthetic as integer)) = 1

),

-- The fold knows what was said of a page last, however its address was spelt.
live_deliverables as (

    select distinct deliverable_id
    from deliverable_urls
    where
        valid_to is null
        and published_at is not null

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
    case
        when deliverables.stage_since <= cast('{{ var("as_of") }}' as timestamp with time zone)
            then date_sub(
                'second', deliverables.stage_since, cast('{{ var("as_of") }}' as timestamp with time zone)
            )
    end as seconds_in_stage,
    deliverables.published_at,
    live_deliverables.deliverable_id is not null as is_live,
    deliverables.registered_at,
    deliverables.illegal_moves,
    deliverables.is_held
from deliverables
left join synthetic_deliverables on deliverables.deliverable_id = synthetic_deliverables.deliverable_id
left join live_deliverables on deliverables.deliverable_id = live_deliverables.deliverable_id
where synthetic_deliverables.deliverable_id is null
