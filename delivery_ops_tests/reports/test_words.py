"""Wording: a figure reads the same everywhere, exactly, and no text can steer what shows it."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_ops.reports import words


@pytest.mark.parametrize(
    ("amount", "currency", "told"),
    [
        (123_450, "EUR", "1,234.50"),
        (5, "EUR", "0.05"),
        (0, "EUR", "0.00"),
        (-123_450, "EUR", "\N{MINUS SIGN}1,234.50"),
        (1_500_000, "JPY", "1,500,000"),
        (1_234_567, "BHD", "1,234.567"),
        (9_007_199_254_740_993, "EUR", "90,071,992,547,409.93"),
    ],
)
def test_money_is_told_to_the_last_minor_unit(amount: int, currency: str, told: str) -> None:
    assert words.money(amount, currency) == told


@pytest.mark.parametrize(
    ("ratio", "told"),
    [
        (None, "\N{EN DASH}"),
        (0, "0 %"),
        (0.0001, "< 0.1 %"),
        (0.1234, "12.3 %"),
        (0.99996, "> 99.9 %"),
        (1, "100 %"),
        (1.0, "100 %"),
        (1.5, "150.0 %"),
        (-0.05, "\N{MINUS SIGN}5.0 %"),
    ],
)
def test_something_never_reads_as_nothing_nor_as_everything(ratio: float | None, told: str) -> None:
    assert words.share(ratio) == told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "0.0 s"),
        (38.44, "38.4 s"),
        (59.96, "1 min 00 s"),
        (65, "1 min 05 s"),
        (3_599.9, "1 h 00 min"),
        (7_380, "2 h 03 min"),
    ],
)
def test_durations(seconds: float, told: str) -> None:
    assert words.duration(timedelta(seconds=seconds)) == told


@pytest.mark.parametrize(
    ("minutes", "told"), [(0, "0 min"), (45, "45 min"), (120, "2 h"), (125, "2 h 05 min"), (60_000, "1,000 h")]
)
def test_working_times(minutes: int, told: str) -> None:
    assert words.working_time(minutes) == told


def test_amounts_that_differ_are_told_from_the_lowest_to_the_highest() -> None:
    assert words.money_range([200, 100, 150], "EUR") == "EUR 1.00 to 2.00"
    assert words.money_range([7, 7], "JPY") == "JPY 7"


def test_what_was_taken_is_told_before_what_was_not() -> None:
    stored = ["conflict", "duplicate", "kept", "new", "rejected"]  # by letter, as a JSON object comes back
    assert words.in_order(stored) == ["kept", "duplicate", "conflict", "rejected", "new"]


@pytest.mark.parametrize(
    ("instant", "told"),
    [
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), "29 Mar 2026, 01:59 CET"),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "29 Mar 2026, 03:00 CEST"),
        (datetime(2026, 3, 29, 22, 30, tzinfo=UTC), "30 Mar 2026, 00:30 CEST"),
    ],
)
def test_instants_are_told_in_the_operations_zone(instant: datetime, told: str) -> None:
    assert words.instant(instant, ZoneInfo("Europe/Berlin")) == told


def test_days_counts_and_plurals() -> None:
    assert words.day(date(2026, 3, 30)) == "Monday, 30 March 2026"
    assert words.short_day(date(2026, 3, 1)) == "1 Mar 2026"
    assert words.count(-1_234_567) == "\N{MINUS SIGN}1,234,567"
    assert [words.plural(number, "deal") for number in (0, 1, 1_000)] == ["0 deals", "1 deal", "1,000 deals"]
    assert words.plural(2, "property", "properties") == "2 properties"


def test_a_code_without_words_reads_as_itself() -> None:
    assert words.named("no_touch", words.WENT_TO) == "no touch at all"
    assert words.named("a_new_reason", words.WENT_TO) == "a new reason"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a\x1b[31mb", r"a\u001b[31mb"),
        ("nul\x00", r"nul\u0000"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("\ud800", r"\ud800"),
        ("\uffff", r"\uffff"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("Ünïcode 株式会社 👨\u200d👩\u200d👧", "Ünïcode 株式会社 👨\u200d👩\u200d👧"),
    ],
)
def test_only_what_steers_or_breaks_is_escaped(text: str, told: str) -> None:
    assert words.printable(text) == told


@given(st.text())
def test_printable_text_is_well_formed_xml_and_utf_8(text: str) -> None:
    told = words.printable(text)
    element = ElementTree.Element("t")
    element.text = told
    assert ElementTree.fromstring(ElementTree.tostring(element, encoding="utf-8")).text == (told or None)  # noqa: S314
    assert not any(unicodedata.category(character) == "Cc" and character not in "\n\t" for character in told)
    assert words.printable(told) == told


@given(st.text(), st.integers(3, 60))
def test_shortened_text_fits_and_keeps_both_ends(text: str, width: int) -> None:
    told = words.shortened(text, width)
    if len(text) <= width:
        assert told == text
    else:
        head, tail = told.split("…", 1) if "…" not in text else (told[: width // 2], told[-((width - 1) // 2) :])
        assert len(told) == width
        assert text.startswith(head)
        assert text.endswith(tail)
