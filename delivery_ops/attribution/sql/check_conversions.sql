-- What is wrong with each row of a conversions file, and what two rows of one conversion_id must agree on. Currencies
-- and the largest amount are those of file sources (money.py). Amounts may end in ".0": that is how a whole number looks
-- in a column that has gaps.
CREATE OR REPLACE VIEW checked AS
SELECT
    *,
    conversion_id AS id,
    try_cast(converted_at AS TIMESTAMPTZ) AS instant,
    try_cast(regexp_extract(amount_minor, '^([+-]?[0-9]+)(\.0+)?$', 1) AS HUGEINT) AS amount,
    CASE
        WHEN conversion_id IS NULL THEN 'conversion_id is missing'
        WHEN converted_at IS NULL THEN 'converted_at is missing'
        WHEN NOT regexp_matches(converted_at, '^[0-9]{4}-[0-9]{2}-[0-9]{2}') OR NOT coalesce(isfinite(instant), false)
            THEN 'converted_at is no instant such as 2026-03-01T09:30:00Z'
        WHEN amount_minor IS NULL THEN 'amount_minor is missing'
        WHEN amount IS NULL THEN 'amount_minor is no whole number of minor units such as 12345'
        WHEN amount NOT BETWEEN -getvariable('largest_minor') AND getvariable('largest_minor')
            THEN 'amount_minor is too large; ' || getvariable('largest_minor') || ' is the largest'
        WHEN currency IS NULL THEN 'currency is missing'
        WHEN NOT list_contains(getvariable('currencies'), currency) THEN 'currency is no ISO 4217 code such as EUR'
        WHEN refund_of IS NOT NULL AND amount > 0 THEN 'a refund has no positive amount_minor'
    END AS fault,
    {
        'contact_id': contact_id, 'account_id': account_id, 'instant': instant, 'amount': amount,
        'currency': currency, 'refund_of': refund_of
    } AS content
FROM given
