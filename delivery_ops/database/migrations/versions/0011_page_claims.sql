-- A fold (consumer "deliverables"), like the tables of 0003: emptied and rebuilt by replay, so the folder owns it.
SET ROLE :"folder";

CREATE TABLE ops.page_claim (
    deliverable_id text NOT NULL,
    position bigint NOT NULL,
    event_type text NOT NULL,
    page_key text,
    url text NOT NULL,
    claimed_at timestamptz NOT NULL,
    PRIMARY KEY (deliverable_id, position)
);
CREATE INDEX page_claim_of_page ON ops.page_claim (page_key);
COMMENT ON TABLE ops.page_claim IS
    'What the events say of pages, one row per event; deliverable_url is what they come to in order of time.';
COMMENT ON COLUMN ops.page_claim.page_key IS 'Null where url is no web address.';
COMMENT ON COLUMN ops.page_claim.claimed_at IS 'When the event happened.';

ALTER TABLE ops.deliverable ADD COLUMN latest_news_at timestamptz;
COMMENT ON COLUMN ops.deliverable.latest_news_at IS
    'When the latest event happened that its stage depends on; one from before it is late.';
COMMENT ON COLUMN ops.deliverable.url IS
    'Where it was published last; another live page of it where that one is withdrawn; else where it was registered.';

-- It is computed anew from the ledger.
DELETE FROM ops.stage_move;
DELETE FROM ops.deliverable_url;
DELETE FROM ops.deliverable;
UPDATE ops.consumer_position SET position = null WHERE consumer = 'deliverables';
RESET ROLE;
