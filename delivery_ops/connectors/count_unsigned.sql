SELECT count(*)
FROM ops.delivery
WHERE
    source = :source
    AND outcome = 'refused'
    AND body IS NOT NULL
