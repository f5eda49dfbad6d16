-- What becomes of each row of a touches file. Of rows with one touch_id the first valid one is kept.
CREATE OR REPLACE TABLE touches AS
WITH checked AS (
    SELECT
        *,
        try_cast(touched_at AS TIMESTAMPTZ) AS instant,
        CASE
            WHEN touch_id IS NULL THEN 'touch_id is missing'
            WHEN touched_at IS NULL THEN 'touched_at is missing'
            WHEN NOT regexp_matches(touched_at, '^[0-9]{4}-[0-9]{2}-[0-9]{2}') OR NOT coalesce(isfinite(instant), false)
                THEN 'touched_at is no instant such as 2026-03-01T09:30:00Z'
        END AS fault
    FROM given
),

compared AS (
    SELECT
        *,
        {
            'contact_id': contact_id, 'account_id': account_id, 'deliverable_id': deliverable_id, 'channel': channel,
            'touch_type': touch_type, 'milestone': milestone, 'instant': instant
        } AS content,
        first_value("row") OVER same_id AS first_row,
        first_value(content) OVER same_id AS first_content
    FROM checked
    WINDOW same_id AS (PARTITION BY touch_id, fault IS NULL ORDER BY "row")
)

SELECT
    "row",
    touch_id,
    contact_id,
    account_id,
    deliverable_id,
    channel,
    touch_type,
    milestone,
    instant AS touched_at,
    touch_id AS id,
    CASE
        WHEN fault IS NULL AND "row" = first_row THEN 'kept'
        WHEN fault IS NULL AND content = first_content THEN 'duplicate'
        ELSE 'rejected'
    END AS outcome,
    coalesce(fault, 'another row has this touch_id and says otherwise') AS reason
FROM compared
