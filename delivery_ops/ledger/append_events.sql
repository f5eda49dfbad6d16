-- Keep each event whose key is free, and say which were kept; the columns are read out of the stored bytes here
-- and nowhere else. A key that is taken (also by an earlier row of this very batch) is passed over, not overwritten.
WITH given AS (
    SELECT
        stored.canonical,
        stored.body_sha256,
        stored.at,
        event.*
    FROM unnest(%(canonical)b::bytea [], %(body_sha256)b::bytea []) WITH ORDINALITY AS stored (canonical, body_sha256, at)
    CROSS JOIN LATERAL json_to_record(convert_from(stored.canonical, 'UTF8')::json) AS event (
        event_id uuid,
        event_type text,
        schema_version smallint,
        source text,
        idempotency_key text,
        stream text,
        stream_version bigint,
        correlation_id text,
        causation_id uuid,
        deliverable_id text,
        client_id text,
        actor json,
        "timestamp" timestamptz,
        recorded_at timestamptz,
        synthetic boolean,
        payload jsonb
    )
),

kept AS (
    INSERT INTO ledger.event (
        event_id, event_type, schema_version, source, idempotency_key, stream, stream_version, correlation_id,
        causation_id, deliverable_id, client_id, actor_role, actor_id, occurred_at, recorded_at, synthetic,
        payload, canonical, body_sha256
    )
    SELECT
        event_id, event_type, schema_version, source, idempotency_key, stream, stream_version, correlation_id,
        causation_id, deliverable_id, client_id, actor ->> 'role', actor ->> 'id', "timestamp", recorded_at,
        coalesce(synthetic, false), payload, canonical, body_sha256
    FROM given
    ORDER BY at
    ON CONFLICT DO NOTHING
    RETURNING position, event_id, source, idempotency_key, body_sha256, deliverable_id, payload
),

subjects AS (
    INSERT INTO ledger.event_subject (deliverable_id, event_id)
    SELECT subject.deliverable_id, kept.event_id
    FROM kept
    CROSS JOIN LATERAL jsonb_array_elements_text(kept.payload -> 'deliverable_ids') AS subject (deliverable_id)
    WHERE kept.deliverable_id IS NULL AND jsonb_typeof(kept.payload -> 'deliverable_ids') = 'array'
)

SELECT source, idempotency_key, event_id, position, body_sha256
FROM kept
