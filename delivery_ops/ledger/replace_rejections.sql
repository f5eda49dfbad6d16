-- The rows of a source that its last load did not meet again; without a load, all its rows.
UPDATE ops.rejected
SET replaced_at = :now
WHERE
    source = :source
    AND load_id IS NOT NULL
    AND load_id IS DISTINCT FROM cast(:load_id AS text)
    AND replaced_at IS NULL
