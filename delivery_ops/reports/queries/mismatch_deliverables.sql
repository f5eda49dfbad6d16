-- One row a deliverable that was seen and never met, the most seen first.
SELECT
    deliverable_id,
    coalesce(client_id, '') AS client_id,
    coalesce(url, '') AS url,
    published_at,
    impressions,
    clicks
FROM analytics.attribution_mismatch
WHERE is_mismatch
ORDER BY impressions DESC, deliverable_id
