-- Class (b), progress: what is to be done, by whom it is being done, what became of it. An ended job's row stays:
-- it keeps the key taken, so that a replayed consumer asks for nothing twice.
--
-- Two clocks, on purpose. due_at is the operation's time (ops.now(), which a simulation freezes). leased_until is the
-- server's own clock_timestamp(): a worker that died while time stood still must lose its lease all the same.
CREATE TABLE ops.job (
    job_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    key text NOT NULL,
    payload json NOT NULL CHECK (json_typeof(payload) = 'object'),
    enqueued_at timestamptz NOT NULL DEFAULT ops.now(),
    due_at timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    lease_epoch bigint NOT NULL DEFAULT 0,
    lease_owner text,
    leased_until timestamptz,
    outcome text CHECK (outcome IN ('done', 'dead')),
    ended_at timestamptz,
    reason text,
    CONSTRAINT job_key_is_taken_for_ever UNIQUE (kind, key),
    CONSTRAINT job_lease_has_an_owner CHECK ((leased_until IS NULL) = (lease_owner IS NULL)),
    CONSTRAINT job_that_ended_is_not_leased CHECK (outcome IS NULL OR leased_until IS NULL),
    CONSTRAINT job_that_ended_says_when CHECK ((outcome IS NULL) = (ended_at IS NULL)),
    CONSTRAINT job_that_died_says_why CHECK (outcome IS DISTINCT FROM 'dead' OR reason IS NOT NULL)
);
-- The only index that claims read; leased jobs are in it, for they come back when their lease runs out.
CREATE INDEX job_open ON ops.job (kind, due_at, job_id) WHERE outcome IS NULL;
CREATE INDEX job_dead ON ops.job (ended_at, job_id) WHERE outcome = 'dead';
COMMENT ON TABLE ops.job IS 'Work asked for, with a key that is taken for ever. One row per kind and key.';
COMMENT ON COLUMN ops.job.payload IS 'What the handler is told. json, not jsonb: that one refuses a zero in a text.';
COMMENT ON COLUMN ops.job.due_at IS 'When it may be done first, in the operation''s time; moves with every retry.';
COMMENT ON COLUMN ops.job.attempts IS 'How often it was begun in a row without success.';
COMMENT ON COLUMN ops.job.lease_epoch IS 'How often it was begun at all: the fence against a worker that comes late.';
COMMENT ON COLUMN ops.job.leased_until IS 'In real time; past it, anybody may begin the job. Null: nobody works on it.';
COMMENT ON COLUMN ops.job.outcome IS 'Null while it is open.';
COMMENT ON COLUMN ops.job.reason IS 'Why the last attempt failed: of a dead job, why it was given up.';
GRANT SELECT, INSERT, UPDATE ON ops.job TO :"folder";
