SELECT
    conversion_id,
    model,
    touch_id,
    deliverable_id,
    channel,
    reason,
    credit_minor,
    currency
FROM marts.fct_attribution_credit
ORDER BY conversion_id, model, touched_at, touch_id
