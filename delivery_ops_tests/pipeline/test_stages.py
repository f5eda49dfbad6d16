"""At stake: the demo's marts say of every deliverable through which stages it went, when, for how long and how legally.

The truth is the invented feed itself: an event of a planted deliverable is followed by the move that it must make.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from delivery_ops.demo import NOW
from delivery_ops.simulator import planted
from delivery_ops.simulator.truth import Truth
from delivery_ops_tests.pipeline import expected
from delivery_ops_tests.pipeline.operated import Seen

END_OF_DATE = datetime(2026, 3, 30, 22, tzinfo=UTC)  # midnight in Berlin
STAGE_AFTER = {
    "intake.received": "intake",
    "scope.accepted": "scope",
    "asset.uploaded": "design",
    "asset.revision_requested": "design",
    "asset.approved": "review",
    "page.published": "publish",
    "page.unpublished": "review",
}
Visit = tuple[str, datetime]
"""A stage, and when it was entered."""


@pytest.fixture
def seen(demo: Any) -> Seen:
    """The demo after its first run."""
    first: Seen = demo.first
    return first


@pytest.fixture
def moves(seen: Seen) -> Mapping[str, Sequence[dict[str, Any]]]:
    """The moves of each deliverable, in their order."""
    found = defaultdict(list)
    for move in sorted(seen.analytics["fct_stage_moves"], key=lambda move: move["position"]):
        found[move["deliverable_id"]].append(move)
    return found


def visits_by_feed(truth: Truth) -> dict[str, list[Visit]]:
    """The stages that the feed alone leads each deliverable through."""
    visits: dict[str, list[Visit]] = {one.deliverable_id: [] for one in truth.agency.deliverables}
    for event_type, deliverable_id, at in expected.kept_feed(truth).values():
        stage = STAGE_AFTER.get(event_type)
        if deliverable_id and stage and [stage] != [last for last, _ in visits[deliverable_id][-1:]]:
            visits[deliverable_id].append((stage, at))
    return visits


def test_each_deliverable_went_through_the_stages_of_its_events_when_they_happened(
    moves: Mapping[str, Sequence[dict[str, Any]]], truth: Truth
) -> None:
    by_feed = {
        name: [(move["to_stage"], move["moved_at"]) for move in theirs if move["to_stage"] not in ("qa", "report")]
        for name, theirs in moves.items()
    }
    assert by_feed == visits_by_feed(truth)


def test_a_gate_and_search_led_on_what_is_up_and_nothing_else(
    moves: Mapping[str, Sequence[dict[str, Any]]], truth: Truth
) -> None:
    last = {name: theirs[-1]["to_stage"] for name, theirs in moves.items()}
    assert last == truth.stages_after_run(NOW)
    judged = Counter(name for name, theirs in moves.items() for move in theirs if move["to_stage"] == "qa")
    assert judged == Counter({name for name, _ in truth.outcomes})


def test_every_stage_ends_where_the_next_begins_and_the_times_add_up(
    seen: Seen, moves: Mapping[str, Sequence[dict[str, Any]]]
) -> None:
    so_far = {name: row["seconds_in_stage"] for name, row in seen.mart("dim_deliverables", "deliverable_id").items()}
    assert so_far.keys() == moves.keys()
    for name, theirs in moves.items():
        assert [move["left_at"] for move in theirs] == [*(move["moved_at"] for move in theirs[1:]), None]
        assert [move["from_stage"] for move in theirs] == [None, *(move["to_stage"] for move in theirs[:-1])]
        spent = [move["seconds_in_stage"] for move in theirs[:-1]]
        assert sum(spent) + so_far[name] == (END_OF_DATE - theirs[0]["moved_at"]) // timedelta(seconds=1)


def test_what_was_taken_down_was_public_for_as_long_as_planted(
    moves: Mapping[str, Sequence[dict[str, Any]]], truth: Truth
) -> None:
    at = {
        event.event_type: event.timestamp
        for event in truth.agency.events
        if event.deliverable_id == planted.UNPUBLISHED
    }
    *_, public, withdrawn = moves[planted.UNPUBLISHED]
    assert (public["to_stage"], withdrawn["to_stage"]) == ("publish", "review")
    assert public["seconds_in_stage"] == (at["page.unpublished"] - at["page.published"]).total_seconds() > 12 * 86_400
    assert withdrawn["seconds_in_stage"] is None


def test_the_illegal_move_is_the_planted_one_and_was_made(seen: Seen, truth: Truth) -> None:
    [illegal] = [move for move in seen.analytics["fct_stage_moves"] if move["is_illegal"]]
    scoped = [
        event.timestamp
        for event in truth.agency.events
        if event.deliverable_id == planted.ILLEGAL_MOVE and event.event_type == "scope.approved"
    ]
    assert (illegal["deliverable_id"], illegal["moved_at"]) == (planted.ILLEGAL_MOVE, scoped[-1])
    assert (illegal["from_stage"], illegal["to_stage"], illegal["is_applied"]) == ("review", "scope", True)
    assert len(scoped) == 2
