"""Where a poll begins. At stake: changes that are passed over for ever once a clock is set."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_ops.connectors.cursor import OVERLAP, Cursor
from delivery_ops.connectors.pages import Seen

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
INSTANTS = st.datetimes(timezones=st.just(UTC))
SEEN = st.builds(
    Seen,
    object_id=st.text(min_size=1, max_size=9),
    is_live=st.booleans(),
    modified_at=INSTANTS,
    published_at=st.none() | INSTANTS,
    deliverable_id=st.none() | st.text(min_size=1, max_size=9),
    url=st.text(max_size=20),
    is_scheduled=st.booleans(),
)
AGES = st.timedeltas(timedelta(), timedelta(days=9))


@given(
    st.builds(
        Cursor,
        newest=st.none() | INSTANTS,
        polled_at=st.none() | INSTANTS,
        listed_at=st.none() | INSTANTS,
        pages=st.lists(SEEN).map(lambda pages: {page.object_id: page for page in pages}),
    )
)
def test_a_cursor_survives_its_json(cursor):
    assert Cursor.from_json(json.loads(json.dumps(cursor.to_json()))) == cursor


def test_a_site_never_polled_is_asked_for_everything():
    assert Cursor().since(site_now=NOON, now=NOON) is None


@pytest.mark.parametrize("skew", [-90, -3, 0, 3, 90])
def test_two_clocks_that_differ_but_run_alike_begin_at_the_newest_change(skew):
    cursor = Cursor(newest=NOON - 60 * MINUTE + skew * MINUTE, polled_at=NOON - 5 * MINUTE)
    assert cursor.since(site_now=NOON + skew * MINUTE, now=NOON) == cursor.newest - OVERLAP


@given(newest=AGES, elapsed=AGES, jump=st.timedeltas(timedelta(days=-9), timedelta(days=9)), share=st.floats(0, 1))
def test_whatever_is_changed_after_the_last_poll_is_asked_for_however_the_sites_clock_is_set(
    newest, elapsed, jump, share
):
    """The site's clock is right up to some moment between the polls, and from then on ``jump`` ahead."""
    polled_at, now = NOON - elapsed, NOON
    cursor = Cursor(newest=polled_at - newest, polled_at=polled_at)
    since = cursor.since(site_now=now + jump, now=now)
    moment = polled_at + elapsed * share
    changed_before, changed_after = moment, moment + jump
    assert since <= min(changed_before, changed_after)


@given(ahead=AGES, elapsed=AGES)
def test_a_change_dated_into_the_future_hides_nothing(ahead, elapsed):
    cursor = Cursor(newest=NOON + ahead, polled_at=NOON - elapsed)
    assert cursor.since(site_now=NOON, now=NOON) <= NOON - elapsed


def test_our_own_clock_set_back_hides_nothing():
    cursor = Cursor(newest=NOON - MINUTE, polled_at=NOON)
    assert cursor.since(site_now=NOON + 5 * MINUTE, now=NOON - 60 * MINUTE) < NOON
