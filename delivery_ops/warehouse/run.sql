-- The one row of the view `run`, as DuckDB hands it to the copy.
SELECT
    $version::BIGINT AS version,
    $run_id::VARCHAR AS run_id,
    $as_of::TIMESTAMPTZ AS as_of,
    $published_at::TIMESTAMPTZ AS published_at
