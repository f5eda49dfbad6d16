-- Class (b), progress: the export log, in the shape of Google's own. A row is written once and never changed; the
-- lake holds a day's newest rows, this says what every attempt found.
CREATE TABLE ops.search_export (
    property text NOT NULL,
    date date NOT NULL,
    epoch integer NOT NULL CHECK (epoch >= 1),
    status text NOT NULL CHECK (status IN ('complete', 'zero', 'incomplete', 'failed')),
    rows bigint,
    matched bigint,
    unmatched bigint,
    clicks bigint,
    impressions bigint,
    digest text CHECK (digest ~ '^[0-9a-f]{64}$'),
    exported_at timestamptz NOT NULL,
    error_class text,
    error text,
    PRIMARY KEY (property, date, epoch),
    CONSTRAINT every_page_row_is_matched_or_not CHECK (rows = matched + unmatched),
    CONSTRAINT a_day_taken_has_its_counts CHECK (
        (status IN ('complete', 'zero')) = (num_nonnulls(rows, matched, unmatched, clicks, impressions, digest) = 6)
    ),
    CONSTRAINT a_day_not_taken_has_none CHECK (
        (status IN ('incomplete', 'failed')) = (num_nonnulls(rows, matched, unmatched, clicks, impressions, digest) = 0)
    ),
    CONSTRAINT only_a_failure_has_an_error CHECK (
        num_nonnulls(error_class, error) = CASE status WHEN 'failed' THEN 2 ELSE 0 END
    )
);
COMMENT ON TABLE ops.search_export IS
    'Attempts to export a Search Console property''s Pacific day. One row per attempt; epoch numbers a day''s attempts.';
COMMENT ON COLUMN ops.search_export.date IS 'The Pacific day.';
COMMENT ON COLUMN ops.search_export.rows IS 'Page rows = matched + unmatched; null where nothing was taken.';
COMMENT ON COLUMN ops.search_export.clicks IS 'Of the property as a whole, which is not the sum over its pages.';
COMMENT ON COLUMN ops.search_export.digest IS 'SHA-256 of all rows of the day: equal digests, equal content.';
COMMENT ON COLUMN ops.search_export.exported_at IS 'The instant of the attempt.';
GRANT SELECT, INSERT ON ops.search_export TO :"writer";
