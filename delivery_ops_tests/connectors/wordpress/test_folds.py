"""What the deliverables room makes of push, of pull, and of both. At stake: a page that gates judge although it is
gone, or do not although it is live.

The judge is WordPress itself: the pages live there are the pages live here. Changes come as fast as they like, so push
and pull may tell them apart; where they lead is the same.
"""

from __future__ import annotations

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from delivery_ops.contracts.envelope import EventDraft, Position, RecordedEvent, body_digest
from delivery_ops.deliverables.state import State
from delivery_ops_tests.connectors.wordpress.editing import ALWAYS, CHANGES, POLL, REHOMING, RULES, START, pushed

FIRST = st.tuples(st.integers(0, 2), st.sampled_from(["add draft", "add live"]), st.integers(0, 2000))
CHANGE = st.tuples(st.integers(0, 2), st.sampled_from(CHANGES + REHOMING), st.integers(2000, 9000))
DELIVERABLES = [f"dlv-{number}" for number in range(3)]


class Trail:
    """A ledger of one source and its fold, without a database: a key is kept once, in the order of arrival."""

    def __init__(self):
        self.state = State()
        self._events = {}
        for one in DELIVERABLES:
            payload = {"type": "landing_page", "tier": "gold", "url": None, "first_source": "setup"}
            self._keep(draft_of("deliverable.registered", one, payload))

    def append(self, drafts):
        for draft in drafts:
            if draft.idempotency_key not in self._events:
                self._keep(draft)

    @property
    def live(self):
        return {
            (deliverable_id, one.url)
            for page in self.state.pages.values()
            for one in page
            for deliverable_id in DELIVERABLES
            if one.is_live_page_of(deliverable_id)
        }

    @property
    def illegal_moves(self):
        return [one for moves in self.state.moves.values() for one in moves if one.move.illegal]

    def _keep(self, draft):
        self._events[draft.idempotency_key] = draft
        fields = {name: getattr(draft, name) for name in EventDraft.__dataclass_fields__ if name != "event_id"}
        event = RecordedEvent(
            **fields,
            event_id=len(self._events),
            position=Position(len(self._events)),
            recorded_at=draft.timestamp,
            body_sha256=body_digest(draft),
        )
        self.state.apply([event])


def draft_of(event_type, deliverable_id, payload):
    return EventDraft(
        event_type=event_type,
        source="setup",
        idempotency_key=deliverable_id,
        timestamp=START - timedelta(days=1),
        actor_role="setup",
        client_id="acme",
        deliverable_id=deliverable_id,
        payload=payload,
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    first=FIRST,
    intervals=st.lists(st.lists(CHANGE, max_size=4), max_size=5),
    place=st.sampled_from(list(RULES)),
    losses=st.lists(st.booleans(), min_size=6, max_size=6),
)
def test_the_pages_live_there_are_live_here_whichever_way_they_were_heard_of(watch, first, intervals, place, losses):
    watched = watch(place, listing_every=ALWAYS)
    push, pull, both = Trail(), Trail(), Trail()
    for interval, is_lost in zip([[first], *intervals], losses, strict=False):
        watched.wordpress.at += POLL
        before = len(watched.wordpress.sent)
        for change in interval:
            watched.do(change)
        told_by_push = pushed(watched.wordpress.sent[before:], watched.site)
        push.append(told_by_push)
        both.append([] if is_lost else told_by_push)
        told_by_pull = watched.poll()
        pull.append(told_by_pull)
        both.append(told_by_pull)
        truth = {
            (seen.deliverable_id, seen.url)
            for number in range(3)
            if (seen := watched.seen(number)) and seen.is_live and seen.is_tracked
        }
        assert push.live == pull.live == both.live == truth
    assert push.illegal_moves == pull.illegal_moves == both.illegal_moves == []
