-- The 25 deliverables most seen in search, then those of the most deals. One row a deliverable.
WITH costs AS (
    SELECT
        deliverable_id,
        json_object_agg(currency, amount_minor) AS cost_minor
    FROM (
        SELECT
            deliverable_id,
            currency,
            cast(sum(amount_minor) AS bigint) AS amount_minor
        FROM analytics.fct_costs
        WHERE amount_minor IS NOT NULL
        GROUP BY deliverable_id, currency
    ) AS sums
    GROUP BY deliverable_id
),

credits AS (
    SELECT
        deliverable_id,
        json_object_agg(currency, by_model) AS credit_minor
    FROM (
        SELECT
            deliverable_id,
            currency,
            json_object_agg(model, credit_minor) AS by_model
        FROM analytics.deliverable_credit
        GROUP BY deliverable_id, currency
        HAVING bool_or(credit_minor <> 0)
    ) AS sums
    GROUP BY deliverable_id
)

SELECT
    performance.deliverable_id,
    coalesce(performance.client_id, '') AS client_id,
    performance.published_at,
    coalesce(deliverables.is_live, FALSE) AS is_live,
    performance.gate_state,
    coalesce(performance.is_held, FALSE) AS is_held,
    performance.impressions,
    performance.clicks,
    performance.touches,
    performance.mqls,
    performance.deals,
    performance.worked_minutes,
    coalesce(costs.cost_minor, '{}') AS cost_minor,
    coalesce(credits.credit_minor, '{}') AS credit_minor
FROM analytics.deliverable_performance AS performance
INNER JOIN analytics.dim_deliverables AS deliverables ON performance.deliverable_id = deliverables.deliverable_id
LEFT JOIN costs ON performance.deliverable_id = costs.deliverable_id
LEFT JOIN credits ON performance.deliverable_id = credits.deliverable_id
ORDER BY performance.impressions DESC, performance.deals DESC, performance.deliverable_id
LIMIT 25
