-- What becomes of each row of a conversions file. Of rows with one conversion_id the first valid one is kept.
-- Amounts may end in ".0": that is how a whole number looks in a column that has gaps.
CREATE OR REPLACE TABLE conversions AS
WITH checked AS (
    SELECT
        *,
        try_cast(converted_at AS TIMESTAMPTZ) AS instant,
        try_cast(regexp_extract(amount_minor, '^([+-]?[0-9]+)(\.0+)?$', 1) AS BIGINT) AS amount,
        CASE
            WHEN conversion_id IS NULL THEN 'conversion_id is missing'
            WHEN converted_at IS NULL THEN 'converted_at is missing'
            WHEN
                NOT regexp_matches(converted_at, '^[0-9]{4}-[0-9]{2}-[0-9]{2}')
                OR NOT coalesce(isfinite(instant), false)
                THEN 'converted_at is no instant such as 2026-03-01T09:30:00Z'
            WHEN amount_minor IS NULL THEN 'amount_minor is missing'
            WHEN amount IS NULL THEN 'amount_minor is no whole number of minor units such as 12345'
            WHEN currency IS NULL THEN 'currency is missing'
            WHEN NOT regexp_full_match(currency, '[A-Z]{3}') THEN 'currency is no ISO 4217 code such as EUR'
            WHEN refund_of IS NOT NULL AND amount > 0 THEN 'a refund has no positive amount_minor'
        END AS fault
    FROM given
),

compared AS (
    SELECT
        *,
        {
            'contact_id': contact_id, 'account_id': account_id, 'instant': instant, 'amount': amount,
            'currency': currency, 'refund_of': refund_of
        } AS content,
        first_value("row") OVER same_id AS first_row,
        first_value(content) OVER same_id AS first_content
    FROM checked
    WINDOW same_id AS (PARTITION BY conversion_id, fault IS NULL ORDER BY "row")
)

SELECT
    "row",
    conversion_id,
    contact_id,
    account_id,
    instant AS converted_at,
    amount AS amount_minor,
    currency,
    refund_of,
    conversion_id AS id,
    CASE
        WHEN fault IS NULL AND "row" = first_row THEN 'kept'
        WHEN fault IS NULL AND content = first_content THEN 'duplicate'
        ELSE 'rejected'
    END AS outcome,
    coalesce(fault, 'another row has this conversion_id and says otherwise') AS reason
FROM compared
