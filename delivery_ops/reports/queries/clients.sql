-- One row a client. What could not be measured is neither passing nor measured.
WITH owners AS (
    SELECT
        deliverable_id,
        coalesce(client_id, '') AS client_id
    FROM analytics.dim_deliverables
),

costs AS (
    SELECT
        client_id,
        json_object_agg(currency, amount_minor) AS cost_minor
    FROM (
        SELECT
            owners.client_id,
            costs.currency,
            cast(sum(costs.amount_minor) AS bigint) AS amount_minor
        FROM analytics.fct_costs AS costs
        INNER JOIN owners ON costs.deliverable_id = owners.deliverable_id
        WHERE costs.amount_minor IS NOT NULL
        GROUP BY owners.client_id, costs.currency
    ) AS sums
    GROUP BY client_id
),

credits AS (
    SELECT
        client_id,
        json_object_agg(currency, by_model) AS credit_minor
    FROM (
        SELECT
            client_id,
            currency,
            json_object_agg(model, credit_minor) AS by_model
        FROM (
            SELECT
                owners.client_id,
                credit.currency,
                credit.model,
                cast(sum(credit.credit_minor) AS bigint) AS credit_minor
            FROM analytics.deliverable_credit AS credit
            INNER JOIN owners ON credit.deliverable_id = owners.deliverable_id
            GROUP BY owners.client_id, credit.currency, credit.model
        ) AS models
        GROUP BY client_id, currency
        HAVING bool_or(credit_minor <> 0)
    ) AS sums
    GROUP BY client_id
),

figures AS (
    SELECT
        owners.client_id,
        count(*) AS deliverables,
        count(*) FILTER (WHERE deliverables.is_live) AS live,
        count(*) FILTER (WHERE performance.gate_state IN ('pass', 'fail', 'monitor')) AS measured,
        count(*) FILTER (WHERE performance.gate_state = 'pass') AS passing,
        coalesce(cast(sum(performance.impressions) AS bigint), 0) AS impressions,
        coalesce(cast(sum(performance.clicks) AS bigint), 0) AS clicks,
        coalesce(cast(sum(performance.worked_minutes) AS bigint), 0) AS worked_minutes
    FROM owners
    INNER JOIN analytics.dim_deliverables AS deliverables ON owners.deliverable_id = deliverables.deliverable_id
    INNER JOIN analytics.deliverable_performance AS performance ON owners.deliverable_id = performance.deliverable_id
    GROUP BY owners.client_id
)

SELECT
    figures.client_id,
    figures.deliverables,
    figures.live,
    figures.measured,
    figures.passing,
    figures.impressions,
    figures.clicks,
    figures.worked_minutes,
    coalesce(costs.cost_minor, '{}') AS cost_minor,
    coalesce(credits.credit_minor, '{}') AS credit_minor
FROM figures
LEFT JOIN costs ON figures.client_id = costs.client_id
LEFT JOIN credits ON figures.client_id = credits.client_id
ORDER BY figures.client_id
