-- Schemas and the grants that later tables get by default. A migration that adds a table names its class of law 1
-- (fold, or exception a to e) and grants beyond these defaults explicitly. :"writer" stands for that role's name.
--
-- The folds: made by the migration as   SET ROLE :"folder"; CREATE TABLE ops.… ; RESET ROLE;
-- Views and tables of the marts likewise as :"publisher".

CREATE SCHEMA ledger;
CREATE SCHEMA analytics AUTHORIZATION :"publisher";
CREATE SCHEMA analytics_data AUTHORIZATION :"publisher";
CREATE SCHEMA dagster AUTHORIZATION :"dagster";
COMMENT ON SCHEMA ledger IS 'The one append-only trail of events.';
COMMENT ON SCHEMA ops IS 'Folds of the ledger, which replay can rebuild, and the named exceptions.';
COMMENT ON SCHEMA analytics IS 'The marts, as views that are switched together.';
COMMENT ON SCHEMA analytics_data IS 'The tables behind the marts, one set per published version.';
COMMENT ON SCHEMA dagster IS 'Dagster''s own storage.';

-- ledger: the writer appends, nobody changes.
GRANT USAGE ON SCHEMA ledger TO :"writer", :"folder", :"reader";
ALTER DEFAULT PRIVILEGES IN SCHEMA ledger GRANT SELECT, INSERT ON TABLES TO :"writer";
ALTER DEFAULT PRIVILEGES IN SCHEMA ledger GRANT USAGE ON SEQUENCES TO :"writer";
ALTER DEFAULT PRIVILEGES IN SCHEMA ledger GRANT SELECT ON TABLES TO :"folder", :"reader";

-- ops: the folder owns the folds; what the owner keeps there is read by default and written by explicit grant.
GRANT USAGE ON SCHEMA ops TO :"writer", :"publisher", :"reader";
GRANT USAGE, CREATE ON SCHEMA ops TO :"folder";
GRANT SELECT ON ALL TABLES IN SCHEMA ops TO :"reader";
ALTER DEFAULT PRIVILEGES IN SCHEMA ops GRANT SELECT ON TABLES TO :"folder", :"reader";
ALTER DEFAULT PRIVILEGES FOR ROLE :"folder" IN SCHEMA ops GRANT SELECT ON TABLES TO :"reader";

-- analytics: views run with the publisher's rights, so their readers need none on analytics_data.
GRANT USAGE ON SCHEMA analytics TO :"reader", :"analyst";
ALTER DEFAULT PRIVILEGES FOR ROLE :"publisher" IN SCHEMA analytics GRANT SELECT ON TABLES TO :"reader", :"analyst";

-- Class (e), loaded configuration: no row = the system clock, one row = time stands still at that instant.
-- Only a simulated operation may set it; frozen_clock.py refuses the others.
CREATE TABLE ops.clock (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    frozen_at timestamptz NOT NULL
);
COMMENT ON TABLE ops.clock IS 'The instant at which a simulated operation''s time stands still, if any.';
GRANT SELECT ON ops.clock TO :"writer", :"publisher";
GRANT INSERT, UPDATE, DELETE ON ops.clock TO :"folder";

CREATE FUNCTION ops.now() RETURNS timestamptz
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN coalesce((SELECT frozen_at FROM ops.clock), statement_timestamp());
COMMENT ON FUNCTION ops.now() IS
    'The present: the frozen instant, else the start of the statement. As a column default it runs once per row; '
    'a bulk INSERT … SELECT that names (SELECT ops.now()) asks once.';

-- Behind the grants, for whoever has them (the owner): a ledger table attaches this function twice,
--   BEFORE UPDATE OR DELETE … FOR EACH ROW   and   BEFORE TRUNCATE … FOR EACH STATEMENT
-- because row triggers do not see TRUNCATE; ENABLE ALWAYS keeps both in replication sessions too.
CREATE FUNCTION ledger.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION '% on %.% is refused: the ledger is append-only', tg_op, tg_table_schema, tg_table_name
        USING ERRCODE = 'restrict_violation',
              HINT = 'Append a new event that corrects the old one.';
END
$$;
COMMENT ON FUNCTION ledger.refuse_change() IS 'Trigger: raises restrict_violation on every UPDATE, DELETE, TRUNCATE.';
