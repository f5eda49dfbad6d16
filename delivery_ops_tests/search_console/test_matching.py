"""Whose a page row is. At stake: a row credited to yesterday's owner, or dropped because nobody owns it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_ops.deliverables.intervals import Interval
from delivery_ops.search_console.matching import Match, match
from delivery_ops.search_console.windows import utc_interval

DAY = date(2026, 3, 8)  # 23 hours: from 08:00 UTC to 07:00 UTC
START, END = utc_interval(DAY)
SECOND = timedelta(seconds=1)


def owned(deliverable_id, valid_from, valid_to=None):
    return Interval(deliverable_id=deliverable_id, url="https://example.com/", valid_from=valid_from, valid_to=valid_to)


def owner_of(*intervals):
    found = match([{"page_key": "example.com/"}], {"example.com/": intervals}, (START, END))
    assert found.matched + found.unmatched == 1
    return found.deliverable_ids


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "owns"),
    [
        (START - 9 * SECOND, None, True),
        (START, END, True),
        (END - SECOND, None, True),  # published at 23:59:59 Pacific: that day is its day 0
        (END, None, False),
        (START - 9 * SECOND, START, False),  # half-open: withdrawn at the very start of the day
        (START - 9 * SECOND, START + SECOND, True),
    ],
)
def test_an_ownership_counts_for_every_pacific_day_it_touches(valid_from, valid_to, owns):
    assert owner_of(owned("a", valid_from, valid_to)) == (("a",) if owns else ())


def test_on_a_day_of_handing_over_the_later_owner_has_the_row():
    noon = datetime(2026, 3, 8, 20, tzinfo=UTC)
    old, new = owned("old", START, noon), owned("new", noon)
    assert owner_of(old, new) == owner_of(new, old) == ("new",)


@given(st.lists(st.sampled_from(["a/", "b/", "nobody/", None]), max_size=20))
def test_every_row_is_matched_or_unmatched_and_each_owner_named_once(keys):
    owners = {"a/": [owned("a", START)], "b/": [owned("b", START)], "c/": [owned("c", START)]}
    known = [key for key in keys if key in owners]
    assert match([{"page_key": key} for key in keys], owners, (START, END)) == Match(
        matched=len(known),
        unmatched=len(keys) - len(known),
        deliverable_ids=tuple(sorted({key[0] for key in known})),
    )
