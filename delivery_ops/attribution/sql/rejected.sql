-- line: of a line that is no CSV row; row: of one that is (from 1, the header and unreadable lines not counted).
CREATE TABLE rejected (
    file VARCHAR,
    line BIGINT,
    "row" BIGINT,
    id VARCHAR,
    reason VARCHAR,
    content VARCHAR
)
