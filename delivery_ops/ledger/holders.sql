-- The events that hold these keys.
SELECT event.source, event.idempotency_key, event.event_id, event.position, event.body_sha256
FROM unnest(%(sources)b::text [], %(keys)b::text []) AS wanted (source, idempotency_key)
INNER JOIN ledger.event USING (source, idempotency_key)
