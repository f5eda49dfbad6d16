SELECT
    'conversions' AS source,
    conversion_id AS revenue_id,
    conversion_id AS deal_key,
    amount_minor,
    currency,
    converted_at AS booked_at
FROM conversions
WHERE outcome = 'kept'
