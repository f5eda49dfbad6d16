-- A fold (consumer "sources") of source.loaded. Rows that were refused are in ops.rejected, class (a).
SET ROLE :"folder";

CREATE TABLE ops.source_load (
    source text PRIMARY KEY,
    kind text NOT NULL,
    idempotency_key text NOT NULL,
    rows bigint NOT NULL,
    kept bigint NOT NULL,
    duplicate bigint NOT NULL,
    rejected bigint NOT NULL,
    digest text,
    error_class text,
    detail text,
    loaded_at timestamptz NOT NULL
);
COMMENT ON TABLE ops.source_load IS 'The newest load of each file source that differed from the one before.';
COMMENT ON COLUMN ops.source_load.idempotency_key IS 'Under which it was announced; an equal load uses it again.';
COMMENT ON COLUMN ops.source_load.digest IS 'SHA-256 of the file; null where it could not be read.';
COMMENT ON COLUMN ops.source_load.error_class IS 'Null where it was loaded; else the rows of the load before stand.';

RESET ROLE;
