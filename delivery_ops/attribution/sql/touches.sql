SELECT
    'touches' AS source,
    touch_id,
    contact_id,
    account_id,
    deliverable_id,
    channel,
    touch_type,
    milestone,
    instant AS touched_at
FROM touches
WHERE outcome = 'kept'
