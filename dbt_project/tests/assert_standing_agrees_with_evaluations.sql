-- Of each live page that a gate has judged one evaluation stands, the last one; of other pages none does.
{{ config(meta={'dagster': {'ref': {'name': 'fct_gate_results'}}}) }}
with

live_pages as (

    select
        deliverable_id,
        page_key
    from {{ ref('stg_operations__deliverable_urls') }}
    where
        valid_to is null
        and published_at is not null

),

evaluations as (

    select
        deliverable_id,
        page_key,
        gate,
        arg_max(event_id, (evaluated_at, position)) as last_event_id
    from {{ ref('stg_operations__gate_results') }}
    where not is_synthetic
    group by deliverable_id, page_key, gate

),

expected as (

    select evaluations.last_event_id as event_id
    from evaluations
    inner join live_pages
        on
            evaluations.deliverable_id = live_pages.deliverable_id
            and evaluations.page_key = live_pages.page_key

),

standing as (

    select event_id
    from {{ ref('fct_gate_results') }}
    where is_standing

)

select
    expected.event_id as expected_event_id,
    standing.event_id as standing_event_id
from expected
full outer join standing on expected.event_id = standing.event_id
where
    expected.event_id is null
    or standing.event_id is null
