-- Which run the marts are of. One row.
SELECT run_id, published_at
FROM analytics.run
