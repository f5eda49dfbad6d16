-- The tables behind the views, with the version each belongs to.
SELECT
    c.relname AS table_name,
    substring(c.relname FROM '__([0-9]+)$')::bigint AS version
FROM pg_class AS c
WHERE
    c.relnamespace = 'analytics_data'::regnamespace
    AND c.relkind = 'r'
    AND c.relname ~ '__[0-9]+$'
ORDER BY version, table_name
