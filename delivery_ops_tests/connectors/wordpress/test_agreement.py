"""Push and pull tell one story. At stake: the trail, which is their union; a lost webhook is found by the next poll.

The histories are drawn at random, on a stand-in that ``system/test_wordpress.py`` holds to the real WordPress. Where
more than one change lies between two polls, a pull sees only where a page ended: it tells less, and nothing that push
did not.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from delivery_ops.connectors.polling import LISTING_EVERY
from delivery_ops.contracts.envelope import body_digest
from delivery_ops_tests.connectors.wordpress.editing import (
    ALWAYS,
    CHANGES,
    POLL,
    REHOMING,
    RULES,
    pushed,
    told,
)

# The first change is an addition: a history that shrinks to nothing proves nothing.
FIRST = st.tuples(st.integers(0, 2), st.sampled_from(["add draft", "add live"]), st.integers(0, 2000))
UNHURRIED = st.tuples(st.integers(0, 2), st.sampled_from(CHANGES + REHOMING), st.integers(0, 2000))
HURRIED = st.tuples(st.integers(0, 1), st.sampled_from(CHANGES), st.integers(0, 3000))
PLACES = st.sampled_from(list(RULES))
thorough = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@thorough
@given(
    first=FIRST,
    changes=st.lists(UNHURRIED, max_size=9),
    place=PLACES,
    is_slow=st.booleans(),
    page_size=st.sampled_from([1, 2, 100]),
    listing_every=st.sampled_from([ALWAYS, LISTING_EVERY]),
    skew=st.sampled_from([timedelta(minutes=-4), timedelta(), timedelta(minutes=4)]),
    data=st.data(),
)
def test_changes_a_poll_apart_are_told_alike_whichever_way_and_whatever_is_lost(
    watch, first, changes, place, is_slow, page_size, listing_every, skew, data
):
    watched = watch(place, is_slow=is_slow, page_size=page_size, listing_every=listing_every, skew=skew)
    union = set()
    for change in [first, *changes]:
        before = len(watched.wordpress.sent)
        watched.wordpress.at += POLL
        watched.do(change)
        new = watched.wordpress.sent[before:]
        lost, is_first = data.draw(st.tuples(st.booleans(), st.booleans()), label="webhooks lost, before the poll")
        by_push, by_pull = ([] if lost else pushed(new, watched.site)), watched.poll()
        union |= told(by_push + by_pull if is_first else by_pull + by_push)
    union |= told(watched.poll(listing=True))
    assert told(watched.pushed) == told(watched.pulled) == union
    assert bodies(watched.pushed) == bodies(watched.pulled), "equal keys must not conflict"


@pytest.mark.parametrize("place", RULES)
@pytest.mark.parametrize("number", [0, 1], ids=["post", "page"])
@pytest.mark.parametrize(
    "deeds",
    [
        ["add live", "trash", "publish"],  # straight from the trash: WordPress does not say where a trashed post lived
        ["add live", "trash", "unpublish", "publish", "delete"],
        ["add live", "unpublish", "trash", "publish"],
        ["add draft", "trash", "unpublish", "publish", "edit"],
        ["add live", "hide", "edit", "publish"],
        ["add live", "unpublish", "to dlv-2", "publish"],
        ["add live", "unpublish", "to nobody", "publish", "to dlv-1"],
        ["add live", "to dlv-1", "rename", "to nobody", "delete"],
        ["add draft", "schedule", "schedule", "unpublish", "schedule", "schedule"],
    ],
    ids=" ".join,
)
def test_these_are_told_alike_whatever_the_rule_looks_at(watch, deeds, number, place):
    watched = watch(place)
    for deed in deeds:
        watched.wordpress.at += POLL
        watched.do((number, deed, 0))
        watched.poll()
    watched.poll(listing=True)
    assert told(watched.pushed) == told(watched.pulled)
    assert bool(watched.pulled) == (place != "tag" or number == 0), "a page has no tags"


@thorough
@given(first=FIRST, intervals=st.lists(st.lists(HURRIED, max_size=4), max_size=5), place=PLACES)
@example(first=(0, "add live", 0), intervals=[[(0, "unpublish", 1900), (0, "publish", 1900)]], place="tag")
@example(first=(0, "add live", 0), intervals=[[(0, "rename", 1900), (0, "edit", 1900), (0, "delete", 0)]], place="tag")
@example(first=(0, "add draft", 0), intervals=[[(0, "publish", 1900), (0, "edit", 1900)]], place="url_pattern")
@example(first=(0, "add draft", 0), intervals=[[(0, "schedule", 1900), (0, "schedule", 1900)]], place="field")
@example(
    first=(0, "add draft", 106),
    intervals=[[(0, "publish", 330)], [(0, "rename", 0), (0, "unpublish", 0), (0, "publish", 164)]],
    place="slug_prefix",
)
@example(
    first=(0, "add draft", 0), intervals=[[(0, "trash", 0)], [(0, "unpublish", 0), (0, "publish", 0)]], place="field"
)
def test_within_one_interval_pull_tells_a_part_of_what_push_does(watch, first, intervals, place):
    watched = watch(place, listing_every=ALWAYS)
    for interval in [[first], *intervals]:
        watched.wordpress.at += POLL
        then = {number: watched.seen(number) for number in (0, 1, 2)}
        for change in interval:
            if not blurs(then[change[0]], watched.seen(change[0]), change[1]):
                watched.do(change)
        watched.poll()
        assert told(watched.pulled) <= told(watched.pushed)


def bodies(drafts):
    return {(one.idempotency_key, body_digest(one)) for one in drafts}


def blurs(then, now, deed):
    """Whether a pull would date a turn by this save that was an earlier one's: a page once live, taken down, brought
    back or moved since the last poll, and saved again. Scheduling does so at once: from then on it counts as one that
    will go live for the first time."""
    if then is None or now is None or not then.was_ever_live:
        return False
    if deed == "schedule":
        return True
    will_be_live = deed == "publish" or (now.is_live and deed not in {"unpublish", "hide", "trash", "delete"})

    def leaves(page):
        return page.is_live and not (will_be_live and page.url == now.url and deed != "rename")

    def goes_live(page):
        return will_be_live and not page.is_live

    return (leaves(then) and not leaves(now)) or (goes_live(then) and not goes_live(now))


def is_dated_otherwise(then, now, deed, watched):
    """Whether this publishes a draft, unknown at the last poll as one that may have been live, whose date a pull would
    take for that of its first publication, though it is another: that of the trash it was restored from."""
    if deed != "publish" or now is None or now.is_live or not now.was_ever_live or (then and then.was_ever_live):
        return False
    first = f"{now.object_id}/published/{now.published_at:%Y-%m-%dT%H:%M:%S}.000Z"
    return first not in {one.idempotency_key for one in watched.pushed}


@pytest.mark.parametrize(
    ("before", "turn", "event_type"),
    [
        (["add live"], "unpublish", "page.unpublished"),
        (["add live", "unpublish"], "publish", "page.published"),
        (["add live"], "rename", "page.unpublished"),
        (["add live"], "trash", "page.unpublished"),
    ],
)
def test_a_turn_saved_again_before_the_poll_is_told_by_both_each_by_the_time_it_knows(watch, before, turn, event_type):
    """The law's boundary: the source keeps one modified time, and the later save has overwritten the turn's."""
    watched = watch()
    for deed in before:
        watched.wordpress.at += POLL
        watched.do((0, deed, 0))
        watched.poll()
    known = told(watched.pushed)
    assert known == told(watched.pulled)
    watched.wordpress.at += POLL
    watched.do((0, turn, 0))
    watched.do(
        (0, "unpublish" if turn == "trash" else "edit", 2000)
    )  # what is in the trash is not edited, but restored
    [late] = [one for one in told(watched.poll()) if one[0] == event_type]
    [timely] = [one for one in told(watched.pushed) - known if one[0] == event_type]
    assert (late[:2], late[2] > timely[2]) == (timely[:2], True)


def test_a_draft_restored_from_the_trash_and_published_before_the_poll_is_dated_by_the_trash_for_pull_alone(watch):
    """The boundary again: WordPress dates a draft when it goes into the trash, and keeps no other date of it."""
    watched = watch()
    for deed in ("add draft", "trash", "unpublish", "publish"):
        watched.do((0, deed, 2000))
    late, timely = watched.poll(), watched.pushed
    assert [one.event_type for one in late] == [one.event_type for one in timely] == ["page.published", "page.updated"]
    assert late[0].timestamp == timely[0].timestamp - timedelta(seconds=4)
    assert late[1] == timely[1]


def test_a_page_first_seen_already_edited_was_published_and_updated(watch):
    watched = watch()
    for deed in ("add draft", "publish", "edit"):
        watched.do((0, deed, 2000))
    assert [one.event_type for one in watched.poll()] == ["page.published", "page.updated"]
    assert told(watched.pulled) == told(watched.pushed)


def test_a_draft_that_was_never_published_is_never_heard_of(watch):
    watched = watch(listing_every=ALWAYS)
    for deed in ("add draft", "edit", "rename", "trash", "unpublish", "delete"):
        watched.wordpress.at += POLL
        watched.do((0, deed, 0))
        watched.poll()
    assert watched.pulled == watched.pushed == []


def test_a_scheduled_page_goes_live_at_its_date_although_wordpress_does_not_say_it_was_modified(watch):
    watched = watch()
    for deed in ("add draft", "schedule"):
        watched.wordpress.at += POLL
        watched.do((0, deed, 0))
        assert watched.poll() == []
    due = watched.wordpress.entries[1].date
    assert watched.wordpress.entries[1].modified < due - POLL
    watched.wordpress.at += POLL
    watched.do((0, "schedule", 0))
    [draft] = watched.poll()
    assert (draft.event_type, draft.timestamp) == ("page.published", due)
    assert told(watched.pushed) == told(watched.pulled)


def test_a_page_written_with_a_date_of_long_ago_is_found_by_the_daily_listing(watch):
    """An import: WordPress takes the page's date for its modified time as well, so no poll by that time has it."""
    watched = watch()
    watched.do((0, "add live", 0))
    watched.poll()
    watched.wordpress.at += POLL
    watched.wordpress.add("page", "dlv-1", status="publish", date=watched.wordpress.second - timedelta(days=900))
    assert watched.poll() == []
    watched.wordpress.at += LISTING_EVERY
    assert [one.deliverable_id for one in watched.poll()] == ["dlv-1"]
    assert told(watched.pushed) == told(watched.pulled)


@pytest.mark.parametrize("turn", ["unpublish", "hide", "trash"])
def test_a_page_taken_down_and_deleted_before_the_poll_is_taken_down_by_its_deletion(watch, turn):
    """The boundary again: of what is gone there is no modified time at all."""
    watched = watch(listing_every=ALWAYS)
    watched.do((0, "add live", 0))
    watched.poll()
    watched.wordpress.at += POLL
    watched.do((0, turn, 0))
    watched.do((0, "delete", 2000))
    [late], timely = watched.poll(), watched.pushed[-1]
    assert [one.event_type for one in (late, timely)] == ["page.unpublished"] * 2
    assert late.payload == timely.payload
    assert late.idempotency_key.endswith("/deleted")


def test_a_poll_with_nothing_new_tells_nothing(watch):
    watched = watch()
    for deed in ("add live", "edit"):
        watched.do((0, deed, 1500))
    assert watched.poll()
    for _ in range(3):
        watched.wordpress.at += POLL
        assert watched.poll() == []


# 25 October 2026: at 01:00 UTC the site's clock goes from 03:00 back to 02:00.
@pytest.mark.parametrize("minutes", range(-70, 75, 5))
def test_the_hour_that_a_local_clock_shows_twice_hides_nothing(watch, minutes):
    watched = watch()
    watched.wordpress.at = datetime(2026, 10, 25, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    watched.do((0, "add live", 0))
    assert [one.event_type for one in watched.poll()] == ["page.published"]
    watched.wordpress.at += POLL
    watched.do((0, "edit", 0))
    assert [one.event_type for one in watched.poll()] == ["page.updated"]
