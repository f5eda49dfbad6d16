with

events as (

    select * from {{ ref('stg_ledger__events') }}

)

select
    position,
    event_id,
    event_type,
    schema_version,
    source,
    idempotency_key,
    stream,
    stream_version,
    correlation_id,
    causation_id,
    deliverable_id,
    client_id,
    actor_role,
    actor_id,
    occurred_at,
    recorded_at,
    cast(payload as json) as payload,
    body_sha256
from events
where not is_synthetic
