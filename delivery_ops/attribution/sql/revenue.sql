SELECT
    'conversions' AS source,
    conversion_id AS revenue_id,
    conversion_id AS deal_key,
    CAST(amount AS BIGINT) AS amount_minor,
    currency,
    instant AS booked_at
FROM conversions
WHERE outcome = 'kept'
