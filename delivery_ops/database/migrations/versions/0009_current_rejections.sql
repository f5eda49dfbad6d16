-- All in tables of classes that 0002, 0003 and 0007 state.
ALTER TABLE ops.rejected
ADD COLUMN idempotency_key text,
ADD COLUMN load_id text,
ADD COLUMN replaced_at timestamptz;
COMMENT ON COLUMN ops.rejected.idempotency_key IS 'Of an event that could be read; it stands until the key is kept.';
COMMENT ON COLUMN ops.rejected.load_id IS 'Of a file''s row: the load that met it last.';
COMMENT ON COLUMN ops.rejected.replaced_at IS 'When a later load of the source no longer met it; null while it stands.';

ALTER TABLE ops.intake
ADD COLUMN run_id text,
ADD COLUMN is_told boolean NOT NULL DEFAULT false;
UPDATE ops.intake SET is_told = true;
CREATE INDEX intake_not_told ON ops.intake (intake_id) WHERE NOT is_told;
COMMENT ON COLUMN ops.intake.run_id IS 'The daily run that counted the batch.';
COMMENT ON COLUMN ops.intake.is_told IS 'The report of that run was written; else the next run counts the batch again.';
GRANT UPDATE (run_id, is_told) ON ops.intake TO :"writer";

-- The fold lists moves that were told late, and goes on inferring after them: it is computed anew from the ledger.
SET ROLE :"folder";
COMMENT ON COLUMN ops.stage_move.applied IS
    'False for a move past qa that somebody told while a gate held it, and for one told after the stage had moved on.';
DELETE FROM ops.stage_move;
DELETE FROM ops.deliverable_url;
DELETE FROM ops.deliverable;
UPDATE ops.consumer_position SET position = null WHERE consumer = 'deliverables';
RESET ROLE;
