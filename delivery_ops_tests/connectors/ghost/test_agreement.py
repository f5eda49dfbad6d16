"""Push and pull tell one story. At stake: the trail, which is their union; a lost webhook is found by the next poll.

The histories are drawn at random, on a Ghost that ``test_server`` holds to the real one. Where more than one change
lies between two polls, a pull sees only where a page ended: it tells less, and nothing that push did not.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from delivery_ops.connectors.ghost.objects import PAGE, read
from delivery_ops.connectors.ghost.translate import translate
from delivery_ops.connectors.mapping import DeliverableRule
from delivery_ops.connectors.pages import Site, changed
from delivery_ops.contracts.envelope import body_digest
from delivery_ops_tests.connectors.ghost.editing import CHANGES, POLL, REHOMING, START, Editor, Poller, pushed, told
from delivery_ops_tests.connectors.ghost.server import REGISTERED, Ghost

SITE = Site(
    name="agency-site",
    client_id="acme",
    url="http://www.agency.example/",
    rule=DeliverableRule(place="slug_prefix", value="dlv-[0-9]+"),
)
# The first change is an addition: a history that shrinks to nothing proves nothing.
FIRST = st.tuples(st.integers(0, 2), st.sampled_from(["add draft", "add live"]), st.integers(0, 2000))
UNHURRIED = st.tuples(st.integers(0, 2), st.sampled_from(CHANGES + REHOMING), st.integers(0, 2000))
HURRIED = st.tuples(st.integers(0, 1), st.sampled_from(CHANGES), st.integers(0, 2000))
thorough = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


class Watched:
    """A Ghost, its editor, and everything that push and pull tell of it."""

    def __init__(self, url, ghost, **options):
        self.ghost = ghost
        self.editor = Editor(ghost)
        self.poller = Poller(ghost, SITE, url, **options)
        self.pulled = []

    def poll(self):
        found = self.poller.poll()
        self.pulled += found
        return found

    @property
    def pushed(self):
        return pushed(self.ghost.sent, SITE)


@pytest.fixture(scope="module")
def watch():
    """Gives a Ghost anew each time, all at one address: listening costs more than asking."""
    holder = [Ghost(START)]
    front = Ghost(START)
    front.respond = lambda request: holder[0].respond(request)
    with front.listening() as url:

        def watched(registered=REGISTERED, **options):
            holder[0] = Ghost(START, registered=registered)
            return Watched(url, holder[0], **options)

        yield watched


@thorough
@given(
    first=FIRST,
    changes=st.lists(UNHURRIED, max_size=9),
    registered=st.sampled_from([REGISTERED, None]),
    page_size=st.sampled_from([1, 2, 50]),
    skew=st.sampled_from([timedelta(minutes=-4), timedelta(), timedelta(minutes=4)]),
    data=st.data(),
)
def test_changes_a_poll_apart_are_told_alike_whichever_way_and_whatever_is_lost(
    watch, first, changes, registered, page_size, skew, data
):
    watched = watch(registered, page_size=page_size, skew=skew)
    union = set()
    for change in [first, *changes]:
        before = len(watched.ghost.sent)
        watched.ghost.at += POLL
        watched.editor.do(change)
        new = watched.ghost.sent[before:]
        lost, is_first = data.draw(st.tuples(st.booleans(), st.booleans()), label="webhooks lost, before the poll")
        by_push, by_pull = ([] if lost else pushed(new, SITE)), watched.poll()
        union |= told(by_push + by_pull if is_first else by_pull + by_push)
    assert told(watched.pushed) == told(watched.pulled) == union
    assert bodies(watched.pushed) == bodies(watched.pulled), "equal keys must not conflict"


@thorough
@given(first=FIRST, intervals=st.lists(st.lists(HURRIED, max_size=4), max_size=5))
@example(first=(0, "add live", 0), intervals=[[(0, "unpublish", 900), (0, "publish", 900)]])
@example(first=(0, "add live", 0), intervals=[[(0, "rename", 900), (0, "unpublish", 900), (0, "delete", 900)]])
@example(first=(0, "add draft", 0), intervals=[[(0, "publish", 900), (0, "unpublish", 900), (0, "publish", 900)]])
def test_within_one_interval_pull_tells_a_part_of_what_push_does(watch, first, intervals):
    watched = watch()
    for interval in [[first], *intervals]:
        watched.ghost.at += POLL
        sides = {number: watched.editor.entry(number) for number in (0, 1, 2)}
        for change in interval:
            if not blurs(sides[change[0]], watched.editor.entry(change[0]), change[1]):
                watched.editor.do(change)
        watched.poll()
        assert told(watched.pulled) <= told(watched.pushed)


def bodies(drafts):
    return {(one.idempotency_key, body_digest(one)) for one in drafts}


def blurs(then, now, deed):
    """Whether this save would hide from a pull when a page, once live, turned since the last poll."""
    if then is None or now is None or then.published_at is None:
        return False
    changed_sides = then.is_live != now.is_live
    moved = then.is_live and then.slug != now.slug
    return (changed_sides and deed in {"edit", "rename"}) or (moved and deed in {"edit", "publish"})


@pytest.mark.parametrize(
    ("before", "turn", "event_type"),
    [
        (["add live"], "unpublish", "page.unpublished"),
        (["add live", "unpublish"], "publish", "page.published"),
        (["add live"], "rename", "page.unpublished"),
    ],
)
def test_a_turn_saved_again_before_the_poll_is_told_by_both_each_by_the_time_it_knows(watch, before, turn, event_type):
    """The law's boundary: the source keeps one modified time, and the later save has overwritten the turn's."""
    watched = watch()
    for deed in before:
        watched.ghost.at += POLL
        watched.editor.do((0, deed, 0))
        watched.poll()
    known = told(watched.pushed)
    assert known == told(watched.pulled)
    watched.ghost.at += POLL
    watched.editor.do((0, turn, 0))
    watched.editor.do((0, "edit", 2000))
    [late] = [one for one in told(watched.poll()) if one[0] == event_type]
    [timely] = [one for one in told(watched.pushed) - known if one[0] == event_type]
    assert (late[:2], late[2] > timely[2]) == (timely[:2], True)


def test_a_page_first_seen_already_edited_was_published_and_updated(watch):
    watched = watch()
    for deed in ("add draft", "publish", "edit"):
        watched.editor.do((0, deed, 1500))
    assert [one.event_type for one in watched.poll()] == ["page.published", "page.updated"]
    assert told(watched.pulled) == told(watched.pushed)


def test_the_recorded_page_first_seen_after_its_edit_gives_the_recorded_keys(recordings, site, answers):
    """Only the real Ghost's own words: its Content API's page, and the two webhooks that told of it."""
    listed = next(one for one in answers("content_pages")["pages"] if one["slug"] == "dlv-2001-pricing")
    seen = read(PAGE, {**listed, "status": "published"}, site)
    late = changed(site, None, seen, seen_at=recordings[-1].sent_at)
    live = [draft for one in recordings for draft in translate(one.delivery, site)]
    assert told(late) == {one for one in told(live) if one[1] == "dlv-2001"}
    assert {one.idempotency_key: one.payload for one in late}.items() <= {
        one.idempotency_key: one.payload for one in live
    }.items()


def test_a_poll_with_nothing_new_tells_nothing(watch):
    watched = watch()
    for deed in ("add live", "edit"):
        watched.editor.do((0, deed, 1500))
    assert watched.poll()
    for _ in range(3):
        watched.ghost.at += POLL
        assert watched.poll() == []
