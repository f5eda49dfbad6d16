-- The trail itself: neither fold nor exception, but what the folds are folded from. Every column but position and
-- body_sha256 is read out of canonical by the one INSERT there is (ledger/append_events.sql).
CREATE TABLE ledger.event (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL,
    event_type text NOT NULL,
    schema_version smallint NOT NULL,
    source text NOT NULL,
    idempotency_key text NOT NULL,
    stream text,
    stream_version bigint CHECK (stream_version >= 1),
    correlation_id text,
    causation_id uuid,
    deliverable_id text,
    client_id text,
    actor_role text NOT NULL,
    actor_id text,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    synthetic boolean NOT NULL,
    payload jsonb NOT NULL,
    canonical bytea NOT NULL,
    body_sha256 bytea NOT NULL CHECK (octet_length(body_sha256) = 32),
    CONSTRAINT event_id_is_unique UNIQUE (event_id),
    CONSTRAINT event_key_is_taken_for_ever UNIQUE (source, idempotency_key),
    CONSTRAINT event_stream_is_numbered UNIQUE (stream, stream_version),
    CONSTRAINT event_stream_and_version_go_together CHECK ((stream IS NULL) = (stream_version IS NULL))
);
CREATE INDEX event_of_deliverable ON ledger.event (deliverable_id, position) WHERE deliverable_id IS NOT NULL;
CREATE INDEX event_of_client ON ledger.event (client_id, position) WHERE client_id IS NOT NULL;
CREATE INDEX event_of_type ON ledger.event (event_type, position);
CREATE INDEX event_of_correlation ON ledger.event (correlation_id) WHERE correlation_id IS NOT NULL;
COMMENT ON TABLE ledger.event IS 'Every event, for ever. One row per event; position orders them.';
COMMENT ON COLUMN ledger.event.position IS 'Where it stands in the trail: ordered, otherwise without meaning.';
COMMENT ON COLUMN ledger.event.canonical IS 'The exact bytes that are hashed; jsonb does not preserve bytes.';
COMMENT ON COLUMN ledger.event.body_sha256 IS
    'SHA-256 of what the event says (type, version, subjects, client, payload): settles duplicate or conflict.';

-- Part of the trail: the deliverables of events about many, so that each one's timeline finds them.
CREATE TABLE ledger.event_subject (
    deliverable_id text NOT NULL,
    event_id uuid NOT NULL REFERENCES ledger.event (event_id),
    PRIMARY KEY (deliverable_id, event_id)
);
COMMENT ON TABLE ledger.event_subject IS 'One row per deliverable that an event about many lists.';

CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON ledger.event
FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON ledger.event
FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON ledger.event_subject
FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON ledger.event_subject
FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.event ENABLE ALWAYS TRIGGER refuse_change, ENABLE ALWAYS TRIGGER refuse_truncate;
ALTER TABLE ledger.event_subject ENABLE ALWAYS TRIGGER refuse_change, ENABLE ALWAYS TRIGGER refuse_truncate;

-- Class (b), progress: how far each fold has read. Saved in the transaction of the fold's own effects.
CREATE TABLE ops.consumer_position (
    consumer text PRIMARY KEY,
    position bigint,
    moved_at timestamptz
);
COMMENT ON TABLE ops.consumer_position IS 'The last position each consumer has applied; null before its first.';
GRANT SELECT, INSERT, UPDATE ON ops.consumer_position TO :"folder";

-- Class (a), bytes kept aside: what was refused, with the reason, each distinct refusal once.
CREATE TABLE ops.rejected (
    source text NOT NULL,
    body_sha256 bytea NOT NULL CHECK (octet_length(body_sha256) = 32),
    code text NOT NULL,
    reason text NOT NULL,
    origin text NOT NULL,
    body bytea NOT NULL,
    times_seen bigint NOT NULL,
    first_seen_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    PRIMARY KEY (source, body_sha256, code)
);
COMMENT ON TABLE ops.rejected IS 'Input that broke its contract. One row per source, bytes and code of the reason.';
COMMENT ON COLUMN ops.rejected.origin IS 'Where it was met last, for people: a file and line, or append.';
GRANT SELECT, INSERT, UPDATE ON ops.rejected TO :"writer";
