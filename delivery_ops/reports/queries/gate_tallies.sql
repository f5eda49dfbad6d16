-- One row a gate; it counts live pages.
SELECT
    gate,
    count(*) FILTER (WHERE verdict = 'pass') AS passed,
    count(*) FILTER (WHERE verdict = 'fail') AS failed,
    count(*) FILTER (WHERE verdict = 'monitor') AS monitored,
    count(*) FILTER (WHERE verdict = 'error') AS errored
FROM analytics.fct_gate_results
WHERE is_standing
GROUP BY gate
ORDER BY gate
