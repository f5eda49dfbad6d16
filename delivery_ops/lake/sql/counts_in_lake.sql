-- Read by DuckDB, as the warehouse reads the lake; $root is the lake's folder.
SELECT 'events: rows' AS subject, count(*)::hugeint AS number
FROM read_parquet($root || '/events/*.parquet')
UNION ALL
SELECT 'events: last position', coalesce(max(position), 0)
FROM read_parquet($root || '/events/*.parquet')
UNION ALL
SELECT 'events: amount_minor invoiced by ' || source, sum((payload ->> 'amount_minor')::hugeint)
FROM read_parquet($root || '/events/*.parquet')
WHERE event_type = 'invoice.generated'
GROUP BY source
UNION ALL
SELECT 'deliverables: rows', count(*)
FROM read_parquet($root || '/deliverables/*.parquet')
UNION ALL
SELECT 'deliverables: illegal moves', coalesce(sum(illegal_moves), 0)
FROM read_parquet($root || '/deliverables/*.parquet')
UNION ALL
SELECT 'deliverable_urls: rows', count(*)
FROM read_parquet($root || '/deliverable_urls/*.parquet')
UNION ALL
SELECT 'stage_moves: rows', count(*)
FROM read_parquet($root || '/stage_moves/*.parquet')
UNION ALL
SELECT 'gate_results: rows', count(*)
FROM read_parquet($root || '/gate_results/*.parquet')
