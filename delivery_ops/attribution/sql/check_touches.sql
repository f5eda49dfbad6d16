-- What is wrong with each row of a touches file, and what two rows of one touch_id must agree on.
CREATE OR REPLACE VIEW checked AS
SELECT
    *,
    touch_id AS id,
    try_cast(touched_at AS TIMESTAMPTZ) AS instant,
    CASE
        WHEN touch_id IS NULL THEN 'touch_id is missing'
        WHEN touched_at IS NULL THEN 'touched_at is missing'
        WHEN NOT regexp_matches(touched_at, '^[0-9]{4}-[0-9]{2}-[0-9]{2}') OR NOT coalesce(isfinite(instant), false)
            THEN 'touched_at is no instant such as 2026-03-01T09:30:00Z'
    END AS fault,
    {
        'contact_id': contact_id, 'account_id': account_id, 'deliverable_id': deliverable_id, 'channel': channel,
        'touch_type': touch_type, 'milestone': milestone, 'instant': instant
    } AS content
FROM given
