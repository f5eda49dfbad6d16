-- The ten of each currency that any model gives the most, so that no model's favourite is missing. One row a
-- deliverable and currency. A touch may name a deliverable that nobody registered: it is in credit_split.
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
)

SELECT
    credits.deliverable_id,
    coalesce(performance.client_id, '') AS client_id,
    credits.currency,
    credits.credit_minor,
    performance.impressions,
    performance.clicks,
    performance.touches,
    performance.mqls,
    performance.deals
FROM credits
INNER JOIN analytics.deliverable_performance AS performance ON credits.deliverable_id = performance.deliverable_id
WHERE credits.place <= 10
ORDER BY credits.currency, credits.place
