-- One row.
SELECT
    count(*) AS judged,
    coalesce(cast(sum(impressions) AS bigint), 0) AS judged_impressions
FROM analytics.attribution_mismatch
