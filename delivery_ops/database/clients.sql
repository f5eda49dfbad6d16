-- Who is connected to the server, besides who asks.
SELECT
    application_name,
    usename,
    pid
FROM pg_stat_activity
WHERE
    backend_type = 'client backend'
    AND pid <> pg_backend_pid()
ORDER BY pid
