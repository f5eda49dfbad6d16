-- Who keeps the views locked.
SELECT DISTINCT
    a.usename AS login,
    a.pid,
    a.xact_start
FROM pg_locks AS l
INNER JOIN pg_class AS c ON c.oid = l.relation
INNER JOIN pg_stat_activity AS a ON a.pid = l.pid
WHERE
    c.relnamespace = 'analytics'::regnamespace
    AND l.granted
    AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
    AND l.pid <> pg_backend_pid()
ORDER BY a.xact_start
