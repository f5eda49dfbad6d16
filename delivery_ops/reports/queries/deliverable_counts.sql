-- One row.
SELECT
    count(*) AS registered,
    count(*) FILTER (WHERE is_live) AS live,
    count(*) FILTER (WHERE is_held) AS held
FROM analytics.dim_deliverables
