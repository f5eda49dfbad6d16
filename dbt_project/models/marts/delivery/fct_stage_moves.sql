with

stage_moves as (

    select * from {{ ref('stg_operations__stage_moves') }}

),

-- In the order in which they happened, however late they were heard of; two of one instant as they stand in the ledger.
with_next as (

    select
        *,
        case
            when is_applied
                then lead(moved_at) over (partition by deliverable_id, is_applied order by moved_at, position)
        end as left_at
    from stage_moves

)

select
    deliverable_id,
    event_id,
    position,
    from_stage,
    to_stage,
    is_applied,
    is_illegal,
    moved_at,
    left_at,
    date_sub('second', moved_at, left_at) as seconds_in_stage
from with_next
