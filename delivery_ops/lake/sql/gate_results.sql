SELECT
    event_id::text AS event_id,
    position,
    deliverable_id,
    gate,
    url,
    outcome,
    mode,
    verdict,
    cause,
    rules_version,
    evaluated_at,
    finding_codes,
    findings::text AS findings,
    synthetic
FROM ops.gate_result
ORDER BY position
