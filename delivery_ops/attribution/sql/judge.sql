-- What becomes of each checked row: of rows with one id the first valid one is kept.
WITH compared AS (
    SELECT
        *,
        first_value("row") OVER same_id AS first_row,
        first_value(content) OVER same_id AS first_content
    FROM checked
    WINDOW same_id AS (PARTITION BY id, fault IS NULL ORDER BY "row")
)

SELECT
    * EXCLUDE (fault, content, first_row, first_content),
    CASE
        WHEN fault IS NULL AND "row" = first_row THEN 'kept'
        WHEN fault IS NULL AND content = first_content THEN 'duplicate'
        ELSE 'rejected'
    END AS outcome,
    coalesce(fault, 'an earlier row has this id and says otherwise') AS reason
FROM compared
