-- One row a gate and live page that does not pass it; within a gate those that hold something up come first.
SELECT
    results.gate,
    results.verdict,
    results.deliverable_id,
    coalesce(deliverables.client_id, '') AS client_id,
    coalesce(results.url, '') AS url,
    results.verdict = 'fail' AND coalesce(deliverables.is_held, FALSE) AS held,
    results.evaluated_at,
    results.findings
FROM analytics.fct_gate_results AS results
LEFT JOIN analytics.dim_deliverables AS deliverables ON results.deliverable_id = deliverables.deliverable_id
WHERE results.is_standing AND results.outcome <> 'pass'
ORDER BY
    results.gate,
    array_position(ARRAY['fail', 'error', 'monitor'], results.verdict),
    client_id,
    results.deliverable_id,
    results.page_key
