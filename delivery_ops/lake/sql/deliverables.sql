SELECT
    deliverable_id,
    client_id,
    deliverable_type,
    tier,
    url,
    page_key,
    first_source,
    stage,
    stage_since,
    published_at,
    registered_at,
    illegal_moves,
    cardinality(holding_gates) > 0 AS held
FROM ops.deliverable
ORDER BY deliverable_id
