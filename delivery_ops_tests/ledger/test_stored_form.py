"""At stake: an event that reads back as something else than was stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from delivery_ops.contracts.envelope import EventDraft, body_digest
from delivery_ops.ledger.stored_form import seal, unseal, uuid7

Make = Callable[..., EventDraft]

AT = datetime(2026, 3, 30, 14, 0, 0, 5, tzinfo=timezone(timedelta(hours=2)))


def test_a_sealed_draft_unseals_to_an_event_equal_in_every_field(draft: Make) -> None:
    given = draft(
        "k",
        event_id=UUID(int=1),
        actor_id="u-1",
        correlation_id="c",
        causation_id=UUID(int=2),
        synthetic=True,
        stream="gate/x",
        payload={"a": [1, 1.5, None, True, "ü"]},
    )
    sealed = seal(given, recorded_at=AT, stream_version=3)
    event = unseal(sealed.canonical, position=9, body_sha256=sealed.body_sha256)
    assert all(getattr(event, field.name) == getattr(given, field.name) for field in fields(given))
    assert (event.position, event.recorded_at, event.stream_version) == (9, AT, 3)
    assert sealed.body_sha256 == event.body_sha256 == body_digest(given) == body_digest(event)


def test_optional_fields_that_are_empty_are_not_in_the_bytes(draft: Make) -> None:
    sealed = seal(draft("k", deliverable_id=None, client_id=None), recorded_at=AT)
    assert sealed.canonical == (
        b'{"actor":{"role":"editor"},"event_id":"%s","event_type":"page.published","idempotency_key":"k",'
        b'"payload":{"url":"https://www.acme.example/k"},"recorded_at":"2026-03-30T12:00:00.000005+00:00",'
        b'"schema_version":1,"source":"cms","timestamp":"2026-03-02T09:30:00+00:00"}' % str(sealed.event_id).encode()
    )


@pytest.mark.parametrize(
    ("at", "milliseconds"),
    [
        # The instant of RFC 9562, appendix A.6, whose example begins 017f22e2-79b0-7
        (datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC), 0x017F22E279B0),
        (datetime(1970, 1, 1, 0, 0, 0, 1999, tzinfo=UTC), 1),
    ],
)
def test_a_uuid7_begins_with_the_milliseconds_and_is_otherwise_random(at: datetime, milliseconds: int) -> None:
    ids = [uuid7(at) for _ in range(2000)]
    assert {i.int >> 80 for i in ids} == {milliseconds}
    assert {i.version for i in ids} == {7}
    assert len(set(ids)) == 2000
    always_set = always_clear = (1 << 80) - 1
    for i in ids:
        always_set &= i.int
        always_clear &= ~i.int
    fixed = (always_set | always_clear) & ((1 << 80) - 1)
    assert fixed == 0xF << 76 | 0b11 << 62  # the version's and the variant's bits alone
