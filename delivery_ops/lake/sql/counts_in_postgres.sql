-- What PostgreSQL holds of what is exported; counts_in_lake.sql says the same of the files.
SELECT 'events: rows' AS subject, count(*)::numeric AS number
FROM ledger.event
UNION ALL
SELECT 'events: last position', coalesce(max(position), 0)
FROM ledger.event
UNION ALL
SELECT 'events: amount_minor invoiced by ' || source, sum((payload ->> 'amount_minor')::numeric)
FROM ledger.event
WHERE event_type = 'invoice.generated'
GROUP BY source
UNION ALL
SELECT 'deliverables: rows', count(*)
FROM ops.deliverable
UNION ALL
SELECT 'deliverables: illegal moves', coalesce(sum(illegal_moves), 0)
FROM ops.deliverable
UNION ALL
SELECT 'deliverable_urls: rows', count(*)
FROM ops.deliverable_url
UNION ALL
SELECT 'stage_moves: rows', count(*)
FROM ops.stage_move
UNION ALL
SELECT 'gate_results: rows', count(*)
FROM ops.gate_result
