"""The export log on a real database. At stake: a day believed to be there, or a day's history overwritten."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, ProgrammingError

from delivery_ops.database.roles import Role
from delivery_ops.search_console.export_log import DayResult, LoggedDay, last_taken, read, record
from delivery_ops.search_console.windows import DaySpan

PROPERTY = "sc-domain:example.com"
DAY = date(2026, 3, 2)
NEXT = DAY + timedelta(days=1)
NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
COUNTS = {"rows": 3, "matched": 1, "unmatched": 2, "clicks": 5, "impressions": 9, "digest": "0" * 64}


def taken(day=DAY, at=NOON, **changes):
    return DayResult(
        **{"property_name": PROPERTY, "day": day, "status": "complete", "exported_at": at} | COUNTS | changes
    )


def failed(day=DAY, at=NOON):
    return DayResult(
        property_name=PROPERTY, day=day, status="failed", exported_at=at, error_class="Unavailable", error="no answer"
    )


@pytest.fixture
def log(database):
    engine = database.engine(Role.writer)

    def add(*results):
        with engine.begin() as connection:
            record(connection, results)

    return add


def logged(database, span=DaySpan(start=DAY, end=NEXT + timedelta(days=1)), property_=PROPERTY):  # noqa: B008
    with database.engine(Role.writer).connect() as connection:
        return read(connection, property_, span)


def test_every_attempt_is_a_row_and_a_days_epochs_count_from_one(database, log):
    log(failed(), taken(at=NOON + HOUR), taken(day=NEXT))
    log(taken(at=NOON + 2 * HOUR, digest="1" * 64))
    with database.engine(Role.reader).connect() as connection:
        rows = connection.execute(
            sa.text("SELECT date, epoch, status, digest FROM ops.search_export ORDER BY date, epoch")
        ).all()
    assert rows == [
        (DAY, 1, "failed", None),
        (DAY, 2, "complete", "0" * 64),
        (DAY, 3, "complete", "1" * 64),
        (NEXT, 1, "complete", "0" * 64),
    ]


def test_a_failure_after_an_export_does_not_make_the_day_missing(database, log):
    log(taken(), failed(at=NOON + HOUR), failed(day=NEXT))
    assert logged(database) == {
        DAY: LoggedDay(status="failed", exported_at=NOON),
        NEXT: LoggedDay(status="failed", exported_at=None),
    }


def test_the_latest_export_counts(database, log):
    log(taken(at=NOON), taken(at=NOON + HOUR, status="zero"))
    assert logged(database)[DAY] == LoggedDay(status="zero", exported_at=NOON + HOUR)


def test_a_property_was_last_taken_at_its_latest_export_of_any_day(database, log):
    log(taken(), taken(day=NEXT, at=NOON + HOUR, status="zero"), failed(at=NOON + 2 * HOUR))
    log(taken(property_name="https://example.com/"))
    log(DayResult(property_name="https://none.example/", day=DAY, status="incomplete", exported_at=NOON))
    with database.engine(Role.writer).connect() as connection:
        assert last_taken(connection) == {PROPERTY: NOON + HOUR, "https://example.com/": NOON}


def test_other_days_and_other_properties_are_not_read(database, log):
    log(taken())
    assert logged(database, DaySpan(start=NEXT, end=NEXT + timedelta(days=9))) == {}
    assert logged(database, property_="https://example.com/") == {}


def test_two_runs_that_log_one_day_at_once_both_succeed(database, log):
    workers = [threading.Thread(target=log, args=(taken(at=NOON + n * HOUR),)) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    with database.engine(Role.reader).connect() as connection:
        epochs = connection.execute(sa.text("SELECT epoch FROM ops.search_export ORDER BY epoch")).scalars().all()
    assert epochs == [1, 2, 3, 4]


IMPOSSIBLE = {
    "a row neither matched nor unmatched": taken(unmatched=3),
    "an export without its digest": taken(digest=None),
    "rows of an incomplete day": taken(status="incomplete"),
    "an export that failed": taken(error_class="Unavailable", error="x"),
    "a failure without a reason": DayResult(property_name=PROPERTY, day=DAY, status="failed", exported_at=NOON),
}


def test_the_table_refuses_what_cannot_be(database, log):
    for what, attempt in IMPOSSIBLE.items():
        try:
            log(attempt)
        except IntegrityError:
            continue
        pytest.fail(f"the table took {what}")
    assert logged(database) == {}


def test_an_attempt_is_never_changed_or_removed(database, log):
    log(taken())
    for statement in ("UPDATE ops.search_export SET status = 'zero'", "DELETE FROM ops.search_export"):
        with (
            database.engine(Role.writer).connect() as connection,
            pytest.raises(ProgrammingError, match="permission denied"),
        ):
            connection.execute(sa.text(statement))
    assert logged(database)[DAY].status == "complete"
