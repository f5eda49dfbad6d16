-- Page rows that the export brought, and what became of them, by property.
SELECT
    property,
    sum(page_rows)::bigint AS page_rows,
    sum(matched_rows)::bigint AS matched,
    sum(unmatched_rows)::bigint AS unmatched
FROM analytics.search_daily
GROUP BY property
ORDER BY property
