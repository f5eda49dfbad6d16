-- Synthetic events come from smoke tests. No mart may count them, nor a deliverable that only they know.
{{ config(meta={'dagster': {'ref': {'name': 'deliverable_performance'}}}) }}
with

events as (

    select
        event_id,
        deliverable_id,
        event_type,
        is_synthetic
    from {{ ref('stg_ledger__events') }}

),

synthetic_events as (

    select event_id
    from events
    where is_synthetic
    union
    select event_id
    from {{ ref('stg_operations__gate_results') }}
    where is_synthetic

),

synthetic_deliverables as (

    select deliverable_id
    from events
    where event_type = 'deliverable.registered'
    group by deliverable_id
    having bool_and(is_synthetic)

)

select
    'fct_events' as mart,
    fct_events.event_id as id
from {{ ref('fct_events') }} as fct_events
inner join synthetic_events on fct_events.event_id = synthetic_events.event_id
union all
select
    'fct_gate_results' as mart,
    gate_results.event_id as id
from {{ ref('fct_gate_results') }} as gate_results
inner join synthetic_events on gate_results.event_id = synthetic_events.event_id
union all
select
    'fct_stage_moves' as mart,
    stage_moves.event_id as id
from {{ ref('fct_stage_moves') }} as stage_moves
inner join synthetic_events on stage_moves.event_id = synthetic_events.event_id
union all
select
    'dim_deliverables' as mart,
    deliverables.deliverable_id as id
from {{ ref('dim_deliverables') }} as deliverables
inner join synthetic_deliverables on deliverables.deliverable_id = synthetic_deliverables.deliverable_id
union all
select
    'deliverable_performance' as mart,
    performance.deliverable_id as id
from {{ ref('deliverable_performance') }} as performance
inner join synthetic_deliverables on performance.deliverable_id = synthetic_deliverables.deliverable_id
