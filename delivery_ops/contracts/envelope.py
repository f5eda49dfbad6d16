"""The envelope every event travels in: the draft a caller hands in, and the event as the ledger keeps it.

Belongs here: the fields, and the digest of an event's body. Does not belong here: what each field may hold
(``fields``), the wire form (``wire``), whether a payload keeps its contract (``registry``) and how events are stored
(``ledger``). A draft that exists is well formed: it is checked on construction, by whomever it was made.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NewType
from uuid import UUID

import orjson

from delivery_ops.contracts.fields import MAX_VERSION, TEXT_LIMITS, check_instant, check_text, refuse, rejected
from delivery_ops.contracts.strict_json import fault_of

Position = NewType("Position", int)
"""Where an event stands in the ledger. Ordered, otherwise opaque: readers compare, and never calculate."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """What drafts and recorded events have in common.

    ``timestamp`` is when it happened (aware). ``stream`` is set only by commands, as the contract's template
    says. ``payload`` holds plain JSON values and is never changed after construction.
    """

    event_type: str
    source: str
    idempotency_key: str
    timestamp: datetime
    actor_role: str
    payload: dict[str, Any]
    schema_version: int = 1
    deliverable_id: str | None = None
    client_id: str | None = None
    actor_id: str | None = None
    correlation_id: str | None = None
    causation_id: UUID | None = None
    synthetic: bool = False
    stream: str | None = None
    event_id: UUID | None = None

    @property
    def deliverable_ids(self) -> tuple[str, ...]:
        """Every deliverable an event that keeps its contract is about: its one subject, or the many listed."""
        if self.deliverable_id is not None:
            return (self.deliverable_id,)
        return tuple(self.payload.get("deliverable_ids", ()))


@dataclass(frozen=True, kw_only=True, slots=True)
class EventDraft(Envelope):
    """An event a caller asks the ledger to keep. ``event_id`` is given by the ledger where it is absent.

    Raises:
        Rejected: code ``invalid_envelope``, when a field holds what no event may hold.
    """

    def __post_init__(self) -> None:
        for field, limit in TEXT_LIMITS.items():
            check_text(field, getattr(self, field), limit)
        check_instant(self.timestamp)
        if type(self.schema_version) is not int or not 1 <= self.schema_version <= MAX_VERSION:
            refuse("schema_version", self.schema_version, f"an integer from 1 to {MAX_VERSION}")
        if not isinstance(self.synthetic, bool):
            refuse("synthetic", self.synthetic, "true or false")
        for field in ("event_id", "causation_id"):
            value = getattr(self, field)
            if not (value is None or isinstance(value, UUID)):
                refuse(field, value, "a UUID")
        if type(self.payload) is not dict:
            refuse("payload", self.payload, "an object")
        if fault := fault_of(self.payload, "payload"):
            raise rejected(fault)


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedEvent(Envelope):
    """An event the ledger keeps. ``body_sha256`` is ``body_digest`` of the draft it was kept from."""

    event_id: UUID
    position: Position
    recorded_at: datetime
    body_sha256: bytes
    stream_version: int | None = None


def canonical_json(value: object) -> bytes:
    """The one serialisation that is hashed and stored: UTF-8, keys sorted, no spaces."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def body_digest(event: Envelope) -> bytes:
    """SHA-256 of what the event says. Two deliveries of one change agree in it, whenever and by whomever sent:
    timestamp, actor, correlation and causation are outside."""
    body = {
        "event_type": event.event_type,
        "schema_version": event.schema_version,
        "deliverable_id": event.deliverable_id,
        "client_id": event.client_id,
        "payload": event.payload,
    }
    return hashlib.sha256(canonical_json(body)).digest()
