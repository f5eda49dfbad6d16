-- The ten of each currency that any model gives the most, so that no model's favourite is missing. One row a
-- deliverable and currency; its deals are those of the currency, refunds aside. A touch may name a deliverable that
-- nobody registered: it is in credit_split.
WITH credits AS (
    SELECT
        deliverable_id,
        currency,
        json_object_agg(model, credit_minor) AS credit_minor,
        row_number() OVER (PARTITION BY currency ORDER BY max(credit_minor) DESC, deliverable_id) AS place
    FROM analytics.deliverable_credit
    WHERE deliverable_id IN (SELECT deliverable_id FROM analytics.dim_deliverables)
    GROUP BY deliverable_id, currency
    HAVING bool_or(credit_minor <> 0)
),

deals AS (
    SELECT
        credit.deliverable_id,
        credit.currency,
        count(DISTINCT credit.conversion_id) AS deals
    FROM analytics.fct_attribution_credit AS credit
    INNER JOIN analytics.fct_revenue AS revenue
        ON credit.conversion_id = revenue.conversion_id AND credit.currency = revenue.currency
    WHERE revenue.refund_of IS NULL
    GROUP BY credit.deliverable_id, credit.currency
)

SELECT
    credits.deliverable_id,
    coalesce(performance.client_id, '') AS client_id,
    credits.currency,
    credits.credit_minor,
    coalesce(deals.deals, 0) AS deals,
    performance.gate_state,
    performance.impressions
FROM credits
INNER JOIN analytics.deliverable_performance AS performance ON credits.deliverable_id = performance.deliverable_id
LEFT JOIN deals ON credits.deliverable_id = deals.deliverable_id AND credits.currency = deals.currency
WHERE credits.place <= 10
ORDER BY credits.currency, credits.place
