SELECT
    model,
    deliverable_id,
    channel,
    currency,
    CAST(sum(credit_minor) AS BIGINT) AS credit_minor,
    count(DISTINCT conversion_id) AS conversions,
    count(DISTINCT touch_id) AS touches
FROM marts.fct_attribution_credit
GROUP BY model, deliverable_id, channel, currency
ORDER BY model, currency, deliverable_id NULLS LAST, channel NULLS LAST
