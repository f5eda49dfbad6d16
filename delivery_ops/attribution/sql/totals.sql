SELECT
    model,
    currency,
    count(DISTINCT conversion_id) AS conversions,
    coalesce(sum(credit_minor) FILTER (WHERE reason IS NULL), 0) AS attributed_minor,
    coalesce(sum(credit_minor) FILTER (WHERE reason = 'no_identity'), 0) AS no_identity,
    coalesce(sum(credit_minor) FILTER (WHERE reason = 'no_touch'), 0) AS no_touch,
    coalesce(sum(credit_minor) FILTER (WHERE reason = 'no_touch_in_window'), 0) AS no_touch_in_window
FROM marts.fct_attribution_credit
GROUP BY model, currency
ORDER BY model, currency
