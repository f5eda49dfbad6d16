"""Webhooks come late and pulls find what was lost, so what became of a page must not depend on the order of arrival.

The oracle is a calendar that is told everything in order and paints each page day by day to the end of time; it knows
neither intervals nor arrivals.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_ops.contracts.envelope import Position, RecordedEvent
from delivery_ops.deliverables.intervals import Interval
from delivery_ops.deliverables.state import State

START = datetime(2026, 3, 2, tzinfo=UTC)
DAYS = 16
Word = tuple[str, str, str, int]
"""(what, which deliverable, which page, on which day)"""


def key(page: str) -> str:
    return f"site.example/{page}"


def event(position: int, event_type: str, deliverable_id: str, day: int, **payload: Any) -> RecordedEvent:
    return RecordedEvent(
        event_type=event_type,
        source="cms",
        idempotency_key=str(position),
        timestamp=START + timedelta(days=day),
        actor_role="publisher",
        payload=payload,
        client_id="acme",
        deliverable_id=deliverable_id,
        event_id=UUID(int=position),
        position=Position(position),
        recorded_at=START,
        body_sha256=b"",
    )


def told(*words: Word, at_once: bool = False) -> State:
    """The state after ``words``, which arrive in this order, one by one or in one batch."""
    state, batch = State(), []
    facts = {"type": "article", "tier": "gold", "url": None, "first_source": "setup"}
    for number, one in enumerate("de"):
        batch.append(event(number, "deliverable.registered", one, 0, **facts))
    for number, (what, who, page, day) in enumerate(words):
        payload = {"to": page, "from": "intake"} if what == "told" else {"url": f"https://{key(page)}"}
        event_type = {"told": "deliverable.stage_changed", "approved": "asset.approved"}.get(what, f"page.{what}")
        batch.append(event(2 + number, event_type, who, day, **payload))
    for events in [batch] if at_once else [[one] for one in batch]:
        state.apply(events)
    return state


@dataclass
class Calendar:
    owners: dict[str, list[str | None]] = field(default_factory=dict)
    up: dict[str, list[str]] = field(default_factory=lambda: {"d": [], "e": []})
    urls: dict[str, str] = field(default_factory=dict)
    stages: dict[str, list[tuple[str, int]]] = field(default_factory=lambda: {"d": [], "e": []})

    def hear(self, what: str, who: str, page: str, day: int) -> None:
        owners = self.owners.setdefault(page, [None] * DAYS)
        if what == "updated" and not self.up[who]:
            return
        if what == "unpublished":
            self.up[who] = [one for one in self.up[who] if one != page]
            if owners[day] == who:
                owners[day:] = [None] * (DAYS - day)
            if not self.up[who]:
                self.enter(who, "review", day)
            elif self.urls[who] == page:
                self.urls[who] = self.up[who][-1]
            return
        self.up[who] = [one for one in self.up[who] if one != page] + [page]
        owners[day:] = [who] * (DAYS - day)
        if what == "published":
            self.urls[who] = page
            self.enter(who, "publish", day)

    def enter(self, who: str, stage: str, day: int) -> None:
        """Here nothing comes before the publication, so what was never published is nowhere."""
        now = self.stages[who][-1][0] if self.stages[who] else None
        if stage != now and (stage == "publish" or now is not None):
            self.stages[who].append((stage, day))


def painted(words: list[Word]) -> Calendar:
    calendar = Calendar()
    for word in sorted(words, key=lambda one: one[3]):  # stable: words of one day in their order
        calendar.hear(*word)
    return calendar


def owner_on(page: list[Interval], day: int) -> str | None:
    at = START + timedelta(days=day)
    owners = [one.deliverable_id for one in page if one.valid_from <= at and (not one.valid_to or at < one.valid_to)]
    assert len(owners) <= 1
    return owners[0] if owners else None


def check(state: State, calendar: Calendar) -> None:
    for page, owners in calendar.owners.items():
        intervals = state.pages[key(page)]
        assert [owner_on(intervals, day) for day in range(DAYS)] == owners
        live = [who for who in "de" if any(one.is_live_page_of(who) for one in intervals)]
        assert live == ([owners[-1]] if owners[-1] else [])
    for who in "de":
        known = state.deliverables[who]
        assert known.page_key == (key(calendar.urls[who]) if who in calendar.urls else None)
        moves = [one.move for one in state.moves[who]]
        assert [(one.to_stage, (one.at - START).days) for one in moves] == calendar.stages[who]
        assert not any(one.illegal for one in moves)
        assert known.illegal_moves == 0
        assert (known.progress.stage, known.progress.since) == (
            (moves[-1].to_stage, moves[-1].at) if moves else (None,) * 2
        )


KINDS = ("published", "updated", "unpublished")


@pytest.mark.parametrize("kinds", [*itertools.product(KINDS, repeat=3)], ids=" ".join)
def test_three_events_come_to_the_same_in_each_order_of_arrival(kinds: tuple[str, str, str]) -> None:
    for whose in itertools.product("de", repeat=3):
        words = [(what, who, "a", 1 + 2 * day) for day, (what, who) in enumerate(zip(kinds, whose, strict=True))]
        in_order = told(*words)
        for arrival in itertools.permutations(words):
            state = told(*arrival)
            check(state, painted(words))
            assert state.pages == in_order.pages


WORDS = st.lists(
    st.tuples(st.sampled_from(KINDS), st.sampled_from("de"), st.sampled_from("abc"), st.integers(0, DAYS - 1)),
    max_size=12,
)


@given(words=WORDS)
def test_whatever_arrives_the_calendar_says_the_same(words: list[Word]) -> None:
    check(told(*words), painted(words))


@given(words=WORDS, data=st.data())
def test_every_order_of_arrival_gives_equal_pages(words: list[Word], data: st.DataObject) -> None:
    apart = list({word[3]: word for word in words}.values())
    one, other = told(*apart), told(*data.draw(st.permutations(apart)), at_once=True)
    assert one.pages == other.pages
    assert {name: known.progress for name, known in one.deliverables.items()} == {
        name: known.progress for name, known in other.deliverables.items()
    }


def path(state: State) -> list[tuple[str, int, bool]]:
    """Of ``d``: where each move led, when, and whether it was made; in the order of the history."""
    moves = [one.move for one in state.moves["d"]]
    return [(move.to_stage, (move.at - START).days, move.applied) for move in moves]


def test_work_done_before_a_late_publication_stays_before_it() -> None:
    state = told(("unpublished", "d", "a", 7), ("approved", "d", "", 2), ("published", "d", "a", 5))
    assert path(state) == [("review", 2, True), ("publish", 5, True), ("review", 7, True)]


@pytest.mark.parametrize("at_once", [False, True])
def test_a_stage_told_late_stays_listed_and_unmade_however_late_the_rest_comes(at_once: bool) -> None:
    state = told(
        ("published", "d", "a", 5),
        ("told", "d", "design", 3),
        ("told", "d", "publish", 4),
        ("published", "d", "a", 8),
        ("unpublished", "d", "a", 6),
        at_once=at_once,
    )
    assert path(state) == [
        ("design", 3, False),
        ("publish", 4, False),
        ("publish", 5, True),
        ("review", 6, True),
        ("publish", 8, True),
    ]
    assert not state.deliverables["d"].progress.is_told
