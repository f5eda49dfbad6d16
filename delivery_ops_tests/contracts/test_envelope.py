"""At stake: an event that is not well formed, or a body whose digest depends on how it was delivered."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_ops.contracts.envelope import EventDraft, body_digest
from delivery_ops.errors import Rejected

Make = Callable[..., EventDraft]


@pytest.mark.parametrize(
    "changes",
    [
        {"timestamp": datetime(2026, 3, 2, 9, 30)},  # noqa: DTZ001 - what is tested
        {"timestamp": "2026-03-02T09:30:00Z"},
        {"payload": {"amount": float("nan")}},
        {"event_id": "0195f7a1-2b3c-7d4e-8f50-617283940a1b"},
        {"client_id": 7},
        {"stream": ""},
    ],
    ids=["naive instant", "instant as text", "NaN in the payload", "UUID as text", "number as client", "empty stream"],
)
def test_a_draft_made_in_python_is_checked_as_strictly(draft: Make, changes: dict[str, Any]) -> None:
    with pytest.raises(Rejected, match="reading an event"):
        draft(**changes)


def test_a_draft_cannot_be_changed(draft: Make) -> None:
    with pytest.raises(AttributeError):
        draft().source = "other"  # type: ignore[misc]


def test_the_deliverables_of_an_event_are_its_subject_or_the_many_it_lists(draft: Make) -> None:
    assert draft().deliverable_ids == ("D-7",)
    assert draft(deliverable_id=None, payload={"deliverable_ids": ["a", "b"]}).deliverable_ids == ("a", "b")
    assert draft(deliverable_id=None).deliverable_ids == ()


def test_the_digest_is_sha256_of_type_version_subject_client_and_payload(draft: Make) -> None:
    body = {
        "client_id": "acme",
        "deliverable_id": "D-7",
        "event_type": "page.published",
        "payload": {"a": ["ü", None, True], "z": {"b": -3, "a": 2}},
        "schema_version": 1,
    }
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert body_digest(draft(payload=body["payload"])) == hashlib.sha256(text.encode()).digest()


def test_the_digest_of_a_known_body_never_changes(draft: Make) -> None:
    # Digests are kept for ever: another serialisation would turn every repeated delivery into a conflict.
    assert body_digest(draft()).hex() == "46c5f1f442dfb53b61b62d74bbc82575af658b864bf8da4faef7a63b909ef75c"


OUTSIDE_THE_BODY = {
    "timestamp": datetime(2026, 3, 3, tzinfo=UTC),
    "actor_role": "robot",
    "actor_id": "u-1",
    "correlation_id": "c",
    "causation_id": UUID(int=1),
    "event_id": UUID(int=2),
    "source": "cms-poll",
    "idempotency_key": "other",
    "synthetic": True,
    "stream": "gate/x",
}
INSIDE_THE_BODY: dict[str, Any] = {
    "event_type": "page.updated",
    "schema_version": 2,
    "deliverable_id": "D-8",
    "client_id": None,
    "payload": {"url": "https://www.acme.example/launch/"},
}


@pytest.mark.parametrize("field", OUTSIDE_THE_BODY)
def test_how_an_event_was_delivered_is_outside_its_digest(draft: Make, field: str) -> None:
    assert body_digest(draft(**{field: OUTSIDE_THE_BODY[field]})) == body_digest(draft())


@pytest.mark.parametrize("field", INSIDE_THE_BODY)
def test_what_an_event_says_is_inside_its_digest(draft: Make, field: str) -> None:
    assert body_digest(draft(**{field: INSIDE_THE_BODY[field]})) != body_digest(draft())


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 9), min_size=2), st.randoms())
def test_the_order_in_which_a_payload_was_written_is_outside_its_digest(payload: dict[str, int], random: Any) -> None:
    shuffled = list(payload.items())
    random.shuffle(shuffled)
    event = EventDraft(
        event_type="page.published",
        source="cms",
        idempotency_key="page-7",
        timestamp=datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
        actor_role="editor",
        payload=payload,
    )
    assert body_digest(event) == body_digest(replace(event, payload=dict(shuffled)))
