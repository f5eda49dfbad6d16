UPDATE ops.delivery
SET body = NULL
WHERE
    outcome = 'refused'
    AND body IS NOT NULL
    AND last_seen_at < :since
