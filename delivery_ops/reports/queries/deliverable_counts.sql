-- One row.
SELECT
    count(*) AS registered,
    count(published_at) AS published,
    count(*) FILTER (WHERE is_held) AS held
FROM analytics.dim_deliverables
