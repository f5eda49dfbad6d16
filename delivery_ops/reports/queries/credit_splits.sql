-- One row a currency, model and place: models from simple to involved, reasons by name.
SELECT
    currency,
    model,
    went_to,
    is_unattributed,
    credit_minor AS amount_minor,
    volume_minor,
    conversions
FROM analytics.credit_split
ORDER BY
    currency,
    array_position(ARRAY['first', 'last', 'linear'], model),
    is_unattributed,
    went_to
