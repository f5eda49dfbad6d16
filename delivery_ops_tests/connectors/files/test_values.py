"""An instant read an hour wrong moves a touch across the window's edge; so every odd hour is written down here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_ops.connectors.files.values import instant, minor_units, minutes_of_hours, whole_number


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2018-02-01", "UTC", "2018-02-01T00:00"),
        ("2026-03-02", "Europe/Berlin", "2026-03-01T23:00"),
        ("2026-07-02", "Europe/Berlin", "2026-07-01T22:00"),
        ("2018-02-26 19:58:54", "UTC", "2018-02-26T19:58:54"),
        (" 2026-03-02T09:30:00 ", "America/Los_Angeles", "2026-03-02T17:30"),
        ("2026-03-02T09:30:00Z", "America/Los_Angeles", "2026-03-02T09:30"),
        ("2026-03-02T09:30:00.123456+05:45", "Europe/Berlin", "2026-03-02T03:45:00.123456"),
        # Clocks go from 02:00 to 03:00: there is no 02:30, so it is 03:30 summer time.
        ("2026-03-29 01:59:59", "Europe/Berlin", "2026-03-29T00:59:59"),
        ("2026-03-29 02:30:00", "Europe/Berlin", "2026-03-29T01:30"),
        ("2026-03-29 03:30:00", "Europe/Berlin", "2026-03-29T01:30"),
        ("2026-03-08 02:30:00", "America/New_York", "2026-03-08T07:30"),
        # Clocks go from 03:00 back to 02:00: of the two 02:30 the first, summer time's.
        ("2026-10-25 02:30:00", "Europe/Berlin", "2026-10-25T00:30"),
        ("2026-10-25T02:30:00+01:00", "Europe/Berlin", "2026-10-25T01:30"),
        # A day that has no midnight begins at 01:00.
        ("2017-10-15", "America/Sao_Paulo", "2017-10-15T03:00"),
    ],
)
def test_a_text_is_this_instant(text: str, zone: str, expected: str) -> None:
    assert instant(text, zone) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        *["", "yesterday", "2026-02-30", "2026-02-31T10:00:00Z", "02/03/2026", "1772442000", "2026-03-02T25:00"],
        *["12:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"],
    ],
)
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no date or instant"):
        instant(text, "UTC")


WALL_TIMES = st.datetimes(
    min_value=datetime.fromisoformat("1900-01-01"), max_value=datetime.fromisoformat("2040-01-01")
)


@given(at=WALL_TIMES.map(lambda wall: wall.replace(tzinfo=UTC)))
def test_an_instant_written_with_its_offset_is_itself_in_every_zone(at: datetime) -> None:
    assert instant(at.isoformat(), "America/Sao_Paulo") == instant(at.isoformat(), "UTC") == at


@given(
    at=WALL_TIMES,
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
)
def test_later_wall_time_is_never_more_than_one_clock_change_earlier(at: datetime, zone: str) -> None:
    ahead = instant((at + timedelta(minutes=1)).isoformat(), zone) - instant(at.isoformat(), zone)
    assert timedelta(hours=-1) < ahead <= timedelta(hours=1, minutes=1)


@pytest.mark.parametrize(("text", "minutes"), [("1.25", 75), ("0.33", 20), ("-1", -60), ("0.0083333", 0), ("0.01", 1)])
def test_hours_are_whole_minutes(text: str, minutes: int) -> None:
    assert minutes_of_hours(text) == minutes


def test_whole_numbers_are_whole_and_fit_the_lake() -> None:
    assert [whole_number(text) for text in ("90", " -7 ", "90.0", "+3", "1000000000000000")] == [
        90,
        -7,
        90,
        3,
        1_000_000_000_000_000,
    ]
    for text in ("", "1.5", "1e3", "x", "1000000000000001", "-9223372036854775808", "1,000"):
        with pytest.raises(ValueError, match=r"no whole number|too large"):
            whole_number(text)
    with pytest.raises(ValueError, match="too large"):
        minor_units("-10000000000000.01", "EUR")
    for text in ("", "1:30", "1h"):
        with pytest.raises(ValueError, match="no number of hours"):
            minutes_of_hours(text)
