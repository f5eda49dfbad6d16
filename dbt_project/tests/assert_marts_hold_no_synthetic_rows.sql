-- Synthetic events come from smoke tests. No mart may count them, nor a deliverable that only they know.
with

synthetic_events as (

    select
        event_id,
        deliverable_id,
        event_type
    from {{ ref('stg_ledger__events') }}
    where is_synthetic

),

real_registrations as (

    select deliverable_id
    from {{ ref('stg_ledger__events') }}
    where event_type = 'deliverable.registered' and not is_synthetic

),

synthetic_gate_results as (

    select event_id from {{ ref('stg_operations__gate_results') }}
    where is_synthetic

)

select
    'fct_events' as mart,
    event_id as id
from {{ ref('fct_events') }}
where event_id in (select event_id from synthetic_events)
union all
select
    'fct_gate_results' as mart,
    event_id as id
from {{ ref('fct_gate_results') }}
where
    event_id in (select event_id from synthetic_gate_results)
    or event_id in (select event_id from synthetic_events)
union all
select
    'dim_deliverables' as mart,
    deliverable_id as id
from {{ ref('dim_deliverables') }}
where
    deliverable_id in (select deliverable_id from synthetic_events where event_type = 'deliverable.registered')
    and deliverable_id not in (select deliverable_id from real_registrations where deliverable_id is not null)
union all
select
    'deliverable_performance' as mart,
    performance.deliverable_id as id
from {{ ref('deliverable_performance') }} as performance
left join {{ ref('dim_deliverables') }} as deliverables on performance.deliverable_id = deliverables.deliverable_id
where deliverables.deliverable_id is null
