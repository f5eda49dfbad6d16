"""Pacific days and the rule which of them are due. At stake: a day exported too early and never looked at again."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_ops.search_console.windows import (
    FINALITY,
    DaySpan,
    available,
    due_days,
    final_at,
    is_stale,
    pacific_day,
    trailing,
    utc_interval,
)

DAYS = st.dates(min_value=date(2010, 1, 1), max_value=date(2035, 12, 31))
INSTANTS = st.integers(1_262_300_000, 2_082_700_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
LONG_AGO = date(2000, 1, 1)


@pytest.mark.parametrize(
    ("day", "start", "hours"),
    [
        (date(2026, 3, 7), datetime(2026, 3, 7, 8, tzinfo=UTC), 24),
        (date(2026, 3, 8), datetime(2026, 3, 8, 8, tzinfo=UTC), 23),
        (date(2026, 3, 9), datetime(2026, 3, 9, 7, tzinfo=UTC), 24),
        (date(2026, 3, 29), datetime(2026, 3, 29, 7, tzinfo=UTC), 24),  # Europe's change is none here
        (date(2026, 11, 1), datetime(2026, 11, 1, 7, tzinfo=UTC), 25),
        (date(2026, 12, 31), datetime(2026, 12, 31, 8, tzinfo=UTC), 24),
    ],
    ids=str,
)
def test_a_pacific_day_has_the_hours_its_clocks_show(day, start, hours):
    assert utc_interval(day) == (start, start + timedelta(hours=hours))


@given(INSTANTS)
def test_every_instant_lies_in_exactly_the_day_it_falls_on(instant):
    day = pacific_day(instant)
    start, end = utc_interval(day)
    assert start <= instant < end
    assert utc_interval(day + timedelta(days=1))[0] == end


def test_publishing_late_in_the_evening_utc_is_the_pacific_day_before_midnight_utc():
    assert pacific_day(datetime(2026, 3, 10, 6, 30, tzinfo=UTC)) == date(2026, 3, 9)
    assert pacific_day(datetime(2026, 3, 9, 23, 30, tzinfo=UTC)) == date(2026, 3, 9)


@given(INSTANTS, DAYS)
def test_the_newest_available_day_has_ended_and_the_next_has_not(as_of, start):
    span = available(start, as_of=as_of, now=as_of)
    assert utc_interval(span.last)[1] <= as_of < utc_interval(span.end)[1]
    assert span.start >= start


@given(INSTANTS, INSTANTS)
def test_a_run_of_a_past_date_asks_for_its_days_and_a_run_of_today_for_none_that_still_runs(as_of, now):
    assert available(LONG_AGO, as_of=as_of, now=now).end == pacific_day(min(as_of, now))


@pytest.mark.parametrize(
    ("now", "oldest"),
    [
        (datetime(2026, 3, 30, 12, tzinfo=UTC), date(2024, 12, 1)),
        (datetime(2026, 6, 30, 12, tzinfo=UTC), date(2025, 3, 1)),  # February is shorter
        (datetime(2025, 6, 30, 12, tzinfo=UTC), date(2024, 3, 1)),
        (datetime(2026, 4, 29, 12, tzinfo=UTC), date(2024, 12, 30)),  # the step over a year's end
    ],
)
def test_no_day_is_asked_for_that_google_no_longer_keeps(now, oldest):
    """Such a day is answered without rows: asked for, it would become a false zero, even in a run of a past date."""
    assert available(LONG_AGO, as_of=now, now=now).start == oldest
    assert available(LONG_AGO, as_of=now - timedelta(days=300), now=now).start == oldest


def test_the_configured_start_wins_where_it_is_later():
    noon = datetime(2026, 3, 30, 12, tzinfo=UTC)
    assert available(date(2026, 3, 2), as_of=noon, now=noon) == DaySpan(start=date(2026, 3, 2), end=date(2026, 3, 30))


@given(DAYS, st.integers(-5, 60), st.integers(1, 30))
def test_a_trailing_window_is_the_last_days_and_never_more_than_there_are(start, length, days):
    span = DaySpan(start=start, end=start + timedelta(days=length))
    window = trailing(span, days)
    assert list(window) == list(span)[-days:]


@given(DAYS, st.integers(-3, 40), DAYS, st.integers(-3, 40))
def test_spans_are_half_open_and_intersect_as_sets(start, length, other_start, other_length):
    span = DaySpan(start=start, end=start + timedelta(days=length))
    other = DaySpan(start=other_start, end=other_start + timedelta(days=other_length))
    assert set(span.within(other)) == set(span) & set(other)
    assert [day for part in span.without(other) for day in part] == sorted(set(span) - set(other))
    assert all(len(part) for part in span.without(other))
    assert len(span) == len(list(span))


def test_a_span_over_month_ends_names_every_day_once():
    span = DaySpan(start=date(2028, 2, 27), end=date(2028, 3, 2))
    assert [day.isoformat() for day in span] == ["2028-02-27", "2028-02-28", "2028-02-29", "2028-03-01"]
    assert span.last == date(2028, 3, 1)
    assert span == DaySpan.inclusive(date(2028, 2, 27), date(2028, 3, 1))


DAY = date(2026, 3, 20)
FINAL = final_at(DAY)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("exported_at", "now", "stale"),
    [
        (FINAL - SECOND, FINAL - SECOND, False),  # still changing: no use in asking every run
        (FINAL - SECOND, FINAL, True),
        (FINAL - FINALITY, FINAL + FINALITY, True),
        (FINAL, FINAL, False),
        (FINAL + SECOND, FINAL + timedelta(days=300), False),
    ],
)
def test_a_copy_is_stale_once_a_final_one_can_be_had(exported_at, now, stale):
    assert is_stale(DAY, exported_at, now) is stale


@given(DAYS, st.integers(1, 20), st.data())
def test_exporting_what_is_due_leaves_nothing_due_at_the_same_instant(start, length, data):
    span = DaySpan(start=start, end=start + timedelta(days=length))
    now = data.draw(INSTANTS)
    copies = data.draw(st.dictionaries(st.sampled_from(list(span)), INSTANTS.filter(lambda at: at <= now)))
    due = due_days(span, copies, now)
    assert due == sorted(due)
    assert set(span) - set(copies) <= set(due) <= set(span)
    assert due_days(span, copies | dict.fromkeys(due, now), now) == []


@given(DAYS, st.lists(st.integers(0, 40 * 24), min_size=1, max_size=30))
def test_running_at_any_hours_exports_a_day_at_most_twice_and_at_last_finally(day, hours):
    """However often the daily run comes, one day costs at most two exports, the second after finality."""
    end = utc_interval(day)[1]
    span = DaySpan(start=day, end=day + timedelta(days=1))
    exports = []
    for hour in sorted(hours):
        now = end + timedelta(hours=hour)
        if due_days(span, {day: exports[-1]} if exports else {}, now):
            exports.append(now)
    assert 1 <= len(exports) <= 2
    if max(hours) >= 72:
        assert exports[-1] >= final_at(day)
