-- One row a currency, that of the most conversions first.
WITH credited AS (
    SELECT
        credit.currency,
        count(DISTINCT credit.deliverable_id) AS deliverables
    FROM analytics.deliverable_credit AS credit
    INNER JOIN analytics.dim_deliverables AS deliverables ON credit.deliverable_id = deliverables.deliverable_id
    WHERE credit.credit_minor <> 0
    GROUP BY credit.currency
)

SELECT
    revenue.currency,
    cast(sum(revenue.amount_minor) AS bigint) AS amount_minor,
    cast(sum(abs(revenue.amount_minor)) AS bigint) AS volume_minor,
    count(*) AS conversions,
    coalesce(max(credited.deliverables), 0) AS credited_deliverables
FROM analytics.fct_revenue AS revenue
LEFT JOIN credited ON revenue.currency = credited.currency
GROUP BY revenue.currency
ORDER BY conversions DESC, revenue.currency
