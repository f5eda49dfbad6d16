with

source as (

    select * from {{ source('ledger', 'events') }}

),

renamed as (

    select
        ---------- ids
        position,
        event_id,
        source,
        idempotency_key,
        stream,
        stream_version,
        correlation_id,
        causation_id,
        deliverable_id,
        client_id,

        ---------- what
        event_type,
        schema_version,
        actor_role,
        actor_id,
        synthetic as is_synthetic,
        payload,
        body_sha256,

        ---------- timestamps
        occurred_at,
        recorded_at

    from source

)

select * from renamed
