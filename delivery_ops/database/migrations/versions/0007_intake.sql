-- Class (b), progress: what each batch of events from outside came to, so that the balance can be told at any time.
CREATE TABLE ops.intake (
    intake_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    origin text NOT NULL,
    taken_at timestamptz NOT NULL,
    received bigint NOT NULL,
    kept bigint NOT NULL CHECK (kept >= 0),
    duplicate bigint NOT NULL CHECK (duplicate >= 0),
    conflict bigint NOT NULL CHECK (conflict >= 0),
    rejected bigint NOT NULL CHECK (rejected >= 0),
    CONSTRAINT intake_adds_up CHECK (received = kept + duplicate + conflict + rejected)
);
COMMENT ON TABLE ops.intake IS 'Batches of events that came in from outside. One row per batch.';
COMMENT ON COLUMN ops.intake.origin IS 'Where the batch came from, for people: a file''s name.';
GRANT SELECT, INSERT ON ops.intake TO :"writer";
