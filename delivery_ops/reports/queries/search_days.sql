-- One row a property and day whose total was exported, over the last 90 days known: a phone shows no more.
SELECT
    property,
    coalesce(client_id, '') AS client_id,
    search_date AS date,
    impressions,
    clicks
FROM analytics.search_daily
WHERE
    impressions IS NOT NULL
    AND search_date > (SELECT max(search_date) FROM analytics.search_daily) - 90
ORDER BY property, search_date
