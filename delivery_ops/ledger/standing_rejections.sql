-- The rejections that still stand: their row was not corrected, their event not kept since.
SELECT
    rejected.source,
    rejected.origin,
    rejected.idempotency_key,
    rejected.code,
    rejected.reason,
    rejected.times_seen,
    rejected.last_seen_at,
    count(*) OVER () AS number
FROM ops.rejected
WHERE
    rejected.replaced_at IS NULL
    AND (cast(:source AS text) IS NULL OR rejected.source = :source)
    AND NOT EXISTS (
        SELECT 1
        FROM ledger.event
        WHERE
            event.source = rejected.source
            AND event.idempotency_key = rejected.idempotency_key
            AND event.recorded_at >= rejected.last_seen_at
    )
ORDER BY rejected.source, rejected.last_seen_at DESC, length(rejected.origin), rejected.origin
LIMIT :limit
