INSERT INTO ops.rejected AS known (
    source, body_sha256, code, reason, origin, body, idempotency_key, load_id, times_seen, first_seen_at, last_seen_at
)
SELECT
    given.source,
    given.body_sha256,
    given.code,
    given.reason,
    given.origin,
    given.body,
    given.idempotency_key,
    %(load_id)b::text,
    given.times_seen,
    %(now)b,
    %(now)b
FROM unnest(
    %(sources)b::text [], %(digests)b::bytea [], %(codes)b::text [], %(reasons)b::text [],
    %(origins)b::text [], %(bodies)b::bytea [], %(keys)b::text [], %(times)b::bigint []
) AS given (source, body_sha256, code, reason, origin, body, idempotency_key, times_seen)
ON CONFLICT (source, body_sha256, code) DO UPDATE
    SET
        times_seen = known.times_seen + excluded.times_seen,
        last_seen_at = excluded.last_seen_at,
        reason = excluded.reason,
        origin = excluded.origin,
        idempotency_key = excluded.idempotency_key,
        load_id = excluded.load_id,
        replaced_at = null
