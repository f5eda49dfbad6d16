-- Class (a), bytes kept aside: webhooks as they came in, each distinct one once for each end it came to.
CREATE TABLE ops.delivery (
    delivery_id uuid PRIMARY KEY,
    source text NOT NULL,
    body_sha256 bytea NOT NULL CHECK (octet_length(body_sha256) = 32),
    outcome text NOT NULL CHECK (outcome IN ('accepted', 'conflict', 'quarantined', 'rejected', 'refused')),
    reason text,
    bytes bigint NOT NULL,
    headers json NOT NULL,
    body bytea,
    event_ids uuid [] NOT NULL,
    times_seen bigint NOT NULL,
    first_seen_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    CONSTRAINT delivery_is_kept_once UNIQUE (source, body_sha256, outcome),
    CONSTRAINT delivery_of_a_conflict_is_a_digest CHECK (outcome <> 'conflict' OR body IS NULL),
    CONSTRAINT delivery_that_failed_says_why CHECK (outcome = 'accepted' OR reason IS NOT NULL)
);
CREATE INDEX delivery_unsigned ON ops.delivery (source, last_seen_at) WHERE outcome = 'refused' AND body IS NOT NULL;
COMMENT ON TABLE ops.delivery IS 'Webhooks that came in. One row per source, bytes and outcome.';
COMMENT ON COLUMN ops.delivery.source IS 'The source they were sent to.';
COMMENT ON COLUMN ops.delivery.outcome IS
    'accepted; conflict: a key it gives holds another body; quarantined: signed, but too long ago; '
    'rejected: signed, but not understood, or an event of it was; refused: signed by nobody known.';
COMMENT ON COLUMN ops.delivery.headers IS 'Those that came last, in order, as [name, value]; no credentials.';
COMMENT ON COLUMN ops.delivery.body IS
    'The exact bytes. Null for a conflict; refused ones have it for a week, if small and few.';
COMMENT ON COLUMN ops.delivery.event_ids IS 'The events in the ledger that say what it said.';
GRANT SELECT, INSERT, UPDATE ON ops.delivery TO :"writer";
