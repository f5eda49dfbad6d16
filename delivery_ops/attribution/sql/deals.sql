SELECT
    'conversions' AS source,
    conversion_id AS deal_key,
    contact_id,
    account_id,
    instant AS closed_at,
    currency,
    refund_of
FROM conversions
WHERE outcome = 'kept'
