-- What stands of a deliverable: of each of its live pages, by each gate, the evaluation that was made last.
WITH standing AS (
    SELECT DISTINCT ON (result.deliverable_id, result.gate, result.page_key) result.event_id
    FROM ops.gate_result AS result
    INNER JOIN ops.deliverable_url AS page
        ON result.deliverable_id = page.deliverable_id AND result.page_key = page.page_key
    WHERE NOT result.synthetic AND page.valid_to IS NULL AND page.published_at IS NOT NULL
    ORDER BY
        result.deliverable_id, result.gate, result.page_key, result.evaluated_at DESC, result.position DESC
)

SELECT
    result.event_id::text AS event_id,
    result.position,
    result.deliverable_id,
    result.gate,
    result.url,
    result.page_key,
    result.outcome,
    result.mode,
    result.verdict,
    result.cause,
    result.rules_version,
    result.evaluated_at,
    result.finding_codes,
    result.findings::text AS findings,
    result.synthetic,
    standing.event_id IS NOT NULL AS standing
FROM ops.gate_result AS result
LEFT JOIN standing ON result.event_id = standing.event_id
ORDER BY result.position
