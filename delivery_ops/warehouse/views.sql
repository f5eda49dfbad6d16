-- The views of the last publication with their columns, those that somebody is reading just now first.
SELECT
    c.relname AS view,
    (
        SELECT array_agg(ARRAY[a.attname::text, format_type(a.atttypid, a.atttypmod)] ORDER BY a.attnum)
        FROM pg_attribute AS a
        WHERE a.attrelid = c.oid AND a.attnum > 0
    ) AS columns
FROM pg_class AS c
WHERE
    c.relnamespace = 'analytics'::regnamespace
    AND c.relkind = 'v'
    AND pg_get_userbyid(c.relowner) = current_user
ORDER BY
    EXISTS (
        SELECT FROM pg_locks AS l
        WHERE
            l.relation = c.oid
            AND l.granted
            AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
    ) DESC,
    c.relname
