"""What is wrong with the feed is there exactly once, and everything else in it is right.

Read from the bytes of ``events.ndjson`` alone, as a stranger would.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import Any

import pytest

from delivery_ops.contracts.envelope import body_digest
from delivery_ops.contracts.registry import registry
from delivery_ops.contracts.wire import from_wire
from delivery_ops.errors import Rejected
from delivery_ops.simulator import planted
from delivery_ops.simulator.agency import build
from delivery_ops.simulator.files import EVENTS, files_of
from delivery_ops.simulator.truth import Truth, truth_of

Wire = dict[str, Any]


def _feed(seed: int) -> list[Wire]:
    return [json.loads(line) for line in files_of(build(seed))[EVENTS].decode().splitlines()]


@pytest.fixture(params=[7, 8])
def truth(request: pytest.FixtureRequest) -> Truth:
    return truth_of(request.param)


@pytest.fixture
def feed(truth: Truth) -> list[Wire]:
    return _feed(truth.agency.seed)


def _key(wire: Wire) -> tuple[str, str]:
    return wire["source"], wire["idempotency_key"]


def test_two_keys_come_twice_one_with_an_equal_body_and_one_with_another(feed: list[Wire], truth: Truth) -> None:
    by_key = defaultdict(list)
    for wire in feed:
        by_key[_key(wire)].append(body_digest(from_wire(wire)))
    repeated = {key: digests for key, digests in by_key.items() if len(digests) > 1}
    assert {key: len(set(digests)) for key, digests in repeated.items()} == {
        ("dam", f"{planted.REDELIVERED}/asset.approved/1"): 1,
        ("cms", f"{planted.REWRITTEN}/page.published/1"): 2,
    }
    assert (truth.feed.duplicate, truth.feed.conflict) == (1, 1)


def test_one_event_breaks_its_contract_and_one_has_a_type_nobody_knows(feed: list[Wire], truth: Truth) -> None:
    refused = {}
    for wire in feed:
        try:
            registry().validate(from_wire(wire))
        except Rejected as error:
            refused[_key(wire)] = error.code
    assert refused == {
        ("cms", f"{planted.CONTRACT_BREAKER}/page.published/1"): "contract_violation",
        ("dam", f"{planted.MISNAMED}/asset.archived/1"): "unknown_event_type",
    }
    assert refused.keys() < truth.rejected_events.keys()


def test_one_subject_is_a_stranger_and_one_is_in_no_file(feed: list[Wire], truth: Truth) -> None:
    listed = files_of(truth.agency)["deliverables.csv"].decode().splitlines()[1:]
    known = {line.partition(",")[0] for line in listed}
    unlisted = Counter(
        wire["deliverable_id"] for wire in feed if wire.get("deliverable_id", "halden-lp-01") not in known
    )
    assert unlisted.keys() == {planted.STRANGER, planted.REGISTERED_BY_RULE}
    assert unlisted[planted.STRANGER] == 1
    named = {name for wire in feed for name in wire["payload"].get("deliverable_ids", ())}
    assert named - known == {planted.REGISTERED_BY_RULE}


def test_the_balance_of_the_truth_adds_up_to_the_lines_of_the_feed(feed: list[Wire], truth: Truth) -> None:
    assert truth.feed.received == len(feed)
    assert truth.feed.received == (truth.feed.kept + truth.feed.duplicate + truth.feed.conflict + truth.feed.rejected)
    assert truth.feed.rejected == len(truth.rejected_events)


def test_the_alias_of_an_accepted_scope_is_used_by_one_client_only(feed: list[Wire]) -> None:
    used = defaultdict(set)
    for wire in feed:
        if wire["event_type"].startswith("scope."):
            used[wire["event_type"]].add(wire["client_id"])
    assert used == {"scope.approved": {"pellworm"}, "scope.accepted": {"halden", "mirava"}}


_LEADS_TO = {
    "intake.received": "intake",
    "scope.accepted": "scope",
    "scope.approved": "scope",
    "asset.uploaded": "design",
    "asset.revision_requested": "design",
    "asset.approved": "review",
    "page.published": "publish",
    "page.unpublished": "review",
}
_ORDER = ["intake", "scope", "design", "review", "publish"]


def test_stages_and_illegal_moves_are_what_the_kept_events_lead_to(feed: list[Wire], truth: Truth) -> None:
    stages: dict[str, str] = {}
    illegal: Counter[str] = Counter()
    seen = set(truth.rejected_events)
    for wire in feed:
        to_stage = _LEADS_TO.get(wire["event_type"])
        if _key(wire) in seen or to_stage is None:
            continue
        seen.add(_key(wire))
        name = wire["deliverable_id"]
        back = name in stages and _ORDER.index(to_stage) < _ORDER.index(stages[name])
        if back and wire["event_type"] not in {"asset.revision_requested", "page.unpublished"}:
            illegal[name] += 1
        stages[name] = to_stage
    assert stages == truth.stages
    assert illegal == truth.illegal_moves


def test_one_page_is_revised_after_publication_and_one_is_taken_down(feed: list[Wire]) -> None:
    published, revised, unpublished = set(), set(), set()
    for wire in feed[:-5]:
        name = wire.get("deliverable_id")
        if wire["event_type"] == "page.published":
            published.add(name)
        if wire["event_type"] == "asset.revision_requested" and name in published:
            revised.add(name)
        if wire["event_type"] == "page.unpublished":
            unpublished.add(name)
    assert revised == {planted.REVISED_AFTER_PUBLICATION}
    assert unpublished == {planted.UNPUBLISHED}
