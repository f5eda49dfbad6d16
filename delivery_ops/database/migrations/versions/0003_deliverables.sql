-- All three are folds (consumer "deliverables"): emptied and rebuilt by replay, so the folder owns them.
SET ROLE :"folder";

CREATE TABLE ops.deliverable (
    deliverable_id text PRIMARY KEY,
    client_id text NOT NULL,
    deliverable_type text NOT NULL,
    tier text NOT NULL,
    first_source text NOT NULL,
    registered_at timestamptz NOT NULL,
    url text,
    page_key text,
    published_at timestamptz,
    stage text,
    stage_since timestamptz,
    stage_is_told boolean NOT NULL,
    waiting_stage text,
    holding_gates text [] NOT NULL,
    illegal_moves bigint NOT NULL
);
COMMENT ON TABLE ops.deliverable IS 'One row per deliverable that was ever registered.';
COMMENT ON COLUMN ops.deliverable.url IS 'Where it was published last, else where it was registered to be.';
COMMENT ON COLUMN ops.deliverable.published_at IS 'When a page of it first went live.';
COMMENT ON COLUMN ops.deliverable.stage IS 'Null until anything happened to it.';
COMMENT ON COLUMN ops.deliverable.stage_is_told IS 'Its stage follows deliverable.stage_changed; nothing is inferred.';
COMMENT ON COLUMN ops.deliverable.waiting_stage IS 'The stage it enters once no gate holds it.';
COMMENT ON COLUMN ops.deliverable.holding_gates IS 'The gates that hold it; empty = not held.';

CREATE TABLE ops.deliverable_url (
    page_key text NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz CHECK (valid_from < valid_to),
    deliverable_id text NOT NULL,
    url text NOT NULL,
    published_at timestamptz,
    changed_at timestamptz,
    PRIMARY KEY (page_key, valid_from)
);
CREATE UNIQUE INDEX deliverable_url_has_one_owner_now ON ops.deliverable_url (page_key) WHERE valid_to IS NULL;
CREATE INDEX deliverable_url_of_deliverable ON ops.deliverable_url (deliverable_id);
COMMENT ON TABLE ops.deliverable_url IS
    'Whose page an address is: one row per page and owner, from valid_from up to, not including, valid_to.';
COMMENT ON COLUMN ops.deliverable_url.changed_at IS 'When it last went live or changed; null while only registered.';

CREATE TABLE ops.stage_move (
    deliverable_id text NOT NULL,
    event_id uuid NOT NULL,
    position bigint NOT NULL,
    from_stage text,
    to_stage text NOT NULL,
    moved_at timestamptz NOT NULL,
    illegal boolean NOT NULL,
    applied boolean NOT NULL,
    PRIMARY KEY (deliverable_id, position)
);
COMMENT ON TABLE ops.stage_move IS 'The history of every deliverable''s stage, one row per move.';
COMMENT ON COLUMN ops.stage_move.illegal IS 'Not forward, and not back by revision or unpublishing.';
COMMENT ON COLUMN ops.stage_move.applied IS 'False for a move past qa that somebody told while a gate held it.';

RESET ROLE;
