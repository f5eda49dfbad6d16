with

source as (

    select * from {{ source('operations', 'stage_moves') }}

),

renamed as (

    select
        ---------- ids
        deliverable_id,
        event_id,
        position,

        ---------- what
        from_stage,
        to_stage,
        applied as is_applied,
        illegal as is_illegal,

        ---------- timestamps
        moved_at

    from source

)

select * from renamed
