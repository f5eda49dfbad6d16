with

source as (

    select * from {{ source('operations', 'deliverables') }}

),

renamed as (

    select
        ---------- ids
        deliverable_id,
        client_id,

        ---------- what
        deliverable_type,
        tier,
        url,
        page_key,
        first_source,
        stage,
        illegal_moves,
        held as is_held,

        ---------- timestamps
        stage_since,
        published_at,
        registered_at

    from source

)

select * from renamed
