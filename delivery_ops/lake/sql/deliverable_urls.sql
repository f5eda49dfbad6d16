SELECT
    page_key,
    url,
    deliverable_id,
    valid_from,
    valid_to,
    published_at
FROM ops.deliverable_url
ORDER BY page_key, valid_from
