-- Both are folds (consumer "gates"): emptied and rebuilt by replay, so the folder owns them.
SET ROLE :"folder";

CREATE TABLE ops.gate_result (
    event_id uuid PRIMARY KEY,
    position bigint NOT NULL UNIQUE,
    deliverable_id text NOT NULL,
    gate text NOT NULL,
    url text NOT NULL,
    page_key text NOT NULL,
    outcome text NOT NULL,
    mode text NOT NULL,
    verdict text NOT NULL,
    cause text NOT NULL,
    rules_version text NOT NULL,
    evaluated_at timestamptz NOT NULL,
    finding_codes text NOT NULL,
    findings jsonb NOT NULL,
    synthetic boolean NOT NULL
);
CREATE INDEX gate_result_latest
ON ops.gate_result (deliverable_id, gate, page_key, evaluated_at DESC, position DESC) WHERE NOT synthetic;
COMMENT ON TABLE ops.gate_result IS 'Every evaluation of a gate. One row per evaluation.';
COMMENT ON COLUMN ops.gate_result.page_key IS 'The page judged; a deliverable may have several.';
COMMENT ON COLUMN ops.gate_result.finding_codes IS 'The findings'' codes, each once, sorted, with commas between.';

CREATE TABLE ops.hold (
    deliverable_id text NOT NULL,
    gate text NOT NULL,
    held_at timestamptz NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (deliverable_id, gate)
);
COMMENT ON TABLE ops.hold IS 'Which gate holds which deliverable now. One row per deliverable and gate that holds it.';
COMMENT ON COLUMN ops.hold.position IS 'Of the deliverable.held that it follows from.';

RESET ROLE;
