"""Invented lifecycles must look like office work, also across the nights in which clocks jump."""

from __future__ import annotations

from datetime import date, datetime, time

from hypothesis import given
from hypothesis import strategies as st

from delivery_ops.simulator.business_time import BERLIN, local, shift

FRIDAY_EVENING = datetime(2026, 3, 27, 17, 30, tzinfo=BERLIN)
MONDAY_MORNING = datetime(2026, 3, 30, 9, 30, tzinfo=BERLIN)


def test_an_hour_after_friday_half_past_five_is_monday_half_past_nine_even_when_clocks_jump_between() -> None:
    assert shift(FRIDAY_EVENING, 60) == MONDAY_MORNING
    assert shift(MONDAY_MORNING, -60) == FRIDAY_EVENING


def test_an_instant_outside_working_hours_counts_as_the_nearest_moment_within_its_day_or_friday() -> None:
    sunday = datetime(2026, 3, 29, 3, 30, tzinfo=BERLIN)
    assert shift(sunday, 0) == datetime(2026, 3, 27, 9, 0, tzinfo=BERLIN)
    late = datetime(2026, 3, 27, 23, 0, tzinfo=BERLIN)
    assert shift(late, 0) == datetime(2026, 3, 27, 17, 59, tzinfo=BERLIN)


@given(
    day=st.dates(date(2025, 6, 1), date(2026, 12, 31)).filter(lambda day: day.weekday() < 5),
    minute=st.integers(0, 539),
    by=st.integers(-20_000, 20_000),
)
def test_shifted_instants_are_working_hours_and_shifting_back_returns(day: date, minute: int, by: int) -> None:
    start = shift(local(day, time(9)), minute)
    moved = shift(start, by)
    there = moved.astimezone(BERLIN)
    assert there.weekday() < 5
    assert time(9) <= there.time() < time(18)
    assert shift(moved, -by) == start
