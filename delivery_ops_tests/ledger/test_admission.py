"""At stake: a deliverable that anybody releases, and one that no true event can move because a false one is ahead."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from delivery_ops import clock
from delivery_ops.contracts.envelope import EventDraft
from delivery_ops.contracts.registry import SCHEMAS, registry
from delivery_ops.errors import Rejected
from delivery_ops.ledger.admission import CLOCK_TOLERANCE, RESERVED_SOURCES, require_happened
from delivery_ops.ledger.ledger import Ledger

Make = Callable[..., EventDraft]

HEX = "0f" * 32
GATE = {
    "gate": "schemaCheck",
    "url": "https://www.acme.example/launch",
    "outcome": "pass",
    "mode": "enforce",
    "verdict": "pass",
    "cause": "sweep",
    "rules_version": "1",
    "findings": [],
    "evidence": {},
}
LOADED = dict.fromkeys(("rows", "kept", "duplicate", "rejected"), 0) | {"source": "crm", "kind": "deals"}
SYSTEM: dict[str, tuple[str | None, dict[str, Any]]] = {
    "deliverable.held": ("D-7", {"gate": "schemaCheck"}),
    "deliverable.released": ("D-7", {"gate": "schemaCheck"}),
    "gate.evaluated": ("D-7", GATE),
    "source.loaded": (None, LOADED | {"digest": HEX, "error_class": None, "detail": None}),
    "ingest.conflict": (
        None,
        {
            "source": "cms",
            "idempotency_key": "k",
            "kept_event_id": "0195f7a1-2b3c-7d4e-8f50-617283940a1b",
            "kept_digest": HEX,
            "refused_digest": "1e" * 32,
        },
    ),
}


@pytest.mark.parametrize("event_type", SYSTEM)
def test_what_the_system_finds_out_is_taken_from_it_and_refused_from_outside(
    ledger: Ledger, draft: Make, event_type: str
) -> None:
    deliverable_id, payload = SYSTEM[event_type]
    said = draft("k", event_type=event_type, deliverable_id=deliverable_id, payload=payload)
    with pytest.raises(Rejected, match=f"the type {event_type} is for the system alone") as refused:
        ledger.admit_from_outside(said)
    assert refused.value.code == "reserved_event_type"
    assert ledger.append([said])[0].outcome == "kept"


def test_every_type_for_the_system_alone_is_tried_here() -> None:
    shipped = {folder.name for folder in SCHEMAS.iterdir()}
    assert {name for name in shipped if registry().contract(name, 1).system_only} == set(SYSTEM)


@pytest.mark.parametrize("source", sorted(RESERVED_SOURCES))
def test_nobody_outside_takes_a_key_that_the_system_is_going_to_need(ledger: Ledger, draft: Make, source: str) -> None:
    with pytest.raises(Rejected, match=f"the source '{source}' is the system's own") as refused:
        ledger.admit_from_outside(draft("k", source=source))
    assert refused.value.code == "reserved_source"


def test_what_happened_to_the_work_anybody_may_say(ledger: Ledger, draft: Make) -> None:
    said = draft("k")
    assert ledger.admit_from_outside(said) is said


NOW = datetime(2026, 3, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize("ahead", [timedelta(days=-3000), timedelta(), CLOCK_TOLERANCE])
def test_a_clock_may_be_five_minutes_ahead(draft: Make, ahead: timedelta) -> None:
    require_happened(draft("k", timestamp=NOW + ahead), NOW)


@pytest.mark.parametrize("ahead", [CLOCK_TOLERANCE + timedelta(microseconds=1), timedelta(days=2_000_000)])
def test_what_has_not_happened_yet_is_refused_saying_both_instants(draft: Make, ahead: timedelta) -> None:
    with pytest.raises(Rejected) as refused:
        require_happened(draft("k", timestamp=NOW + ahead), NOW)
    assert refused.value.code == "in_the_future"
    assert refused.value.cause.endswith("more than 5 minutes after now (2026-03-30T12:00:00+00:00)")


def test_the_ledger_takes_nothing_that_lies_ahead(ledger: Ledger, draft: Make) -> None:
    ahead, present = draft("a", timestamp=clock.now() + timedelta(hours=1)), draft("b", timestamp=clock.now())
    assert [(one.outcome, one.code) for one in ledger.append([ahead, present])] == [
        ("rejected", "in_the_future"),
        ("kept", None),
    ]
