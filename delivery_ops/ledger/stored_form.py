"""The bytes an event is stored as: written once, hashed as they are, never serialised again.

Belongs here: draft → bytes and bytes → recorded event; the two are each other's inverse. Does not belong here:
SQL. The stored form is the wire form plus what the ledger adds (event_id, recorded_at, stream, stream_version).
The table's columns are derived from these bytes by ``append_events.sql`` alone, so they cannot say anything else.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import orjson

from delivery_ops.contracts.envelope import EventDraft, Position, RecordedEvent, body_digest, canonical_json
from delivery_ops.contracts.wire import to_wire

Key = tuple[str, str]
"""(source, idempotency_key): together unique for ever."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sealed:
    """A draft that may be appended: ``canonical`` are the bytes to store, ``body_sha256`` settles duplicates."""

    key: Key
    event_id: UUID
    canonical: bytes
    body_sha256: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Holder:
    """The event that holds a key."""

    event_id: UUID
    position: Position
    body_sha256: bytes


def seal(draft: EventDraft, *, recorded_at: datetime, stream_version: int | None = None) -> Sealed:
    """``draft`` as it will be stored; it gets a new event_id where it has none."""
    event_id = draft.event_id or uuid7(recorded_at)
    stored = to_wire(draft)
    stored["event_id"] = str(event_id)
    stored["recorded_at"] = recorded_at.astimezone(UTC).isoformat()
    if draft.stream is not None:
        stored["stream"] = draft.stream
        stored["stream_version"] = stream_version
    return Sealed(
        key=(draft.source, draft.idempotency_key),
        event_id=event_id,
        canonical=canonical_json(stored),
        body_sha256=body_digest(draft),
    )


def unseal(canonical: bytes, *, position: int, body_sha256: bytes) -> RecordedEvent:
    """The event that ``canonical`` holds, standing at ``position``."""
    stored = orjson.loads(canonical)
    causation_id = stored.get("causation_id")
    return RecordedEvent(
        event_type=stored["event_type"],
        schema_version=stored["schema_version"],
        source=stored["source"],
        idempotency_key=stored["idempotency_key"],
        timestamp=datetime.fromisoformat(stored["timestamp"]),
        actor_role=stored["actor"]["role"],
        actor_id=stored["actor"].get("id"),
        payload=stored["payload"],
        deliverable_id=stored.get("deliverable_id"),
        client_id=stored.get("client_id"),
        correlation_id=stored.get("correlation_id"),
        causation_id=UUID(causation_id) if causation_id else None,
        synthetic=stored.get("synthetic", False),
        stream=stored.get("stream"),
        stream_version=stored.get("stream_version"),
        event_id=UUID(stored["event_id"]),
        recorded_at=datetime.fromisoformat(stored["recorded_at"]),
        position=Position(position),
        body_sha256=body_sha256,
    )


def uuid7(at: datetime) -> UUID:
    """A UUID version 7 (RFC 9562, 5.7): 48 bits of Unix milliseconds, then 74 random bits.

    Ids of one time lie side by side in the index, which random ids would spread over all of it.
    """
    milliseconds = int(at.timestamp() * 1000) & ((1 << 48) - 1)
    random = int.from_bytes(os.urandom(10))
    return UUID(int=milliseconds << 80 | 7 << 76 | (random >> 68) << 64 | 2 << 62 | random & ((1 << 62) - 1))
