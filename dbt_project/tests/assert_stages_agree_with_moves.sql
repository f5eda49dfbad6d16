-- Every deliverable stands where the last move that was made led, since then, with as many illegal moves as are listed.
{{ config(meta={'dagster': {'ref': {'name': 'fct_stage_moves'}}}) }}
with

stage_moves as (

    select * from {{ ref('fct_stage_moves') }}

),

last_moves as (

    select
        deliverable_id,
        to_stage,
        moved_at
    from stage_moves
    where is_applied and left_at is null

),

illegal_moves as (

    select
        deliverable_id,
        count(*) as moves
    from stage_moves
    where is_illegal
    group by deliverable_id

)

select
    deliverables.deliverable_id,
    deliverables.stage,
    last_moves.to_stage
from {{ ref('dim_deliverables') }} as deliverables
left join last_moves on deliverables.deliverable_id = last_moves.deliverable_id
left join illegal_moves on deliverables.deliverable_id = illegal_moves.deliverable_id
where
    deliverables.stage is distinct from last_moves.to_stage
    or deliverables.stage_since is distinct from last_moves.moved_at
    or deliverables.illegal_moves is distinct from coalesce(illegal_moves.moves, 0)
