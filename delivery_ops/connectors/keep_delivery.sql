INSERT INTO ops.delivery AS known (
    delivery_id, source, body_sha256, outcome, reason, bytes, headers, body, event_ids, times_seen,
    first_seen_at, last_seen_at
)
VALUES (
    :delivery_id, :source, :body_sha256, :outcome, :reason, :bytes, :headers, :body, :event_ids, 1, :now, :now
)
ON CONFLICT (source, body_sha256, outcome) DO UPDATE
    SET
        reason = excluded.reason,
        headers = excluded.headers,
        body = coalesce(excluded.body, known.body),
        event_ids = excluded.event_ids,
        times_seen = known.times_seen + 1,
        last_seen_at = excluded.last_seen_at
RETURNING delivery_id
