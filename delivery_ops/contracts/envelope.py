"""The envelope every event travels in: the draft a caller hands in, and the event as the ledger keeps it.

Belongs here: the fields, what each may hold, the wire form, and the digest of an event's body. Does not belong
here: whether a payload keeps its contract (``registry``) and how events are stored (``ledger``). A draft that
exists is well formed: it is checked on construction, by whomever it was made.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NewType, NoReturn
from uuid import UUID

import orjson

from delivery_ops.contracts.strict_json import fault_of, text_fault
from delivery_ops.errors import Rejected

Position = NewType("Position", int)
"""Where an event stands in the ledger. Ordered, otherwise opaque: readers compare, and never calculate."""

# Bytes of UTF-8. source + idempotency_key must fit one PostgreSQL index entry (2,704 bytes).
_TEXT_LIMITS = {
    "event_type": 200,
    "source": 200,
    "idempotency_key": 1000,
    "actor_role": 100,
    "actor_id": 250,
    "deliverable_id": 250,
    "client_id": 250,
    "correlation_id": 250,
    "stream": 500,
}
_REQUIRED_TEXT = frozenset({"event_type", "source", "idempotency_key", "actor_role"})
_MAX_VERSION = 32_767

_WIRE_REQUIRED = ("event_type", "source", "idempotency_key", "timestamp", "actor", "payload")
_WIRE_PLAIN = ("event_type", "source", "idempotency_key", "payload")
_WIRE_OPTIONAL = ("schema_version", "deliverable_id", "client_id", "correlation_id", "synthetic")
_WIRE_FIELDS = {*_WIRE_REQUIRED, *_WIRE_OPTIONAL, "event_id", "causation_id"}
_RFC_3339 = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})")


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
        for field, limit in _TEXT_LIMITS.items():
            _check_text(field, getattr(self, field), limit)
        _check_instant(self.timestamp)
        if type(self.schema_version) is not int or not 1 <= self.schema_version <= _MAX_VERSION:
            _refuse("schema_version", self.schema_version, f"an integer from 1 to {_MAX_VERSION}")
        if not isinstance(self.synthetic, bool):
            _refuse("synthetic", self.synthetic, "true or false")
        for field in ("event_id", "causation_id"):
            value = getattr(self, field)
            if not (value is None or isinstance(value, UUID)):
                _refuse(field, value, "a UUID")
        if type(self.payload) is not dict:
            _refuse("payload", self.payload, "an object")
        if fault := fault_of(self.payload, "payload"):
            raise _rejected(fault)


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


def to_wire(event: Envelope) -> dict[str, Any]:
    """The wire form: what ``from_wire`` reads. Optional fields that are empty are left out."""
    actor = {"role": event.actor_role, "id": event.actor_id}
    optional = {
        "event_id": str(event.event_id) if event.event_id else None,
        "deliverable_id": event.deliverable_id,
        "client_id": event.client_id,
        "correlation_id": event.correlation_id,
        "causation_id": str(event.causation_id) if event.causation_id else None,
        "synthetic": event.synthetic or None,
    }
    return {
        "event_type": event.event_type,
        "schema_version": event.schema_version,
        "source": event.source,
        "idempotency_key": event.idempotency_key,
        "timestamp": event.timestamp.astimezone(UTC).isoformat(),
        "actor": {name: value for name, value in actor.items() if value is not None},
        "payload": event.payload,
        **{name: value for name, value in optional.items() if value is not None},
    }


def from_wire(wire: object) -> EventDraft:
    """The draft that a parsed JSON value states.

    An optional field may be absent or null. What only the ledger may say (stream, position, recorded_at) is
    as unknown here as a misspelt name.

    Raises:
        Rejected: code ``invalid_envelope``; whatever ``wire`` is, nothing else is raised.
    """
    if type(wire) is not dict:
        raise _rejected(f"the event is {_short(wire)}; allowed is an object")
    _check_names("the event", wire, allowed=_WIRE_FIELDS, required=_WIRE_REQUIRED)
    actor = wire["actor"]
    if type(actor) is not dict:
        _refuse("actor", actor, "an object with role and id")
    _check_names("actor", actor, allowed={"role", "id"}, required=("role",))
    given = {field: wire[field] for field in _WIRE_OPTIONAL if wire.get(field) is not None}
    return EventDraft(
        **{field: wire[field] for field in _WIRE_PLAIN},
        **given,
        timestamp=_instant(wire["timestamp"]),
        actor_role=actor["role"],
        actor_id=actor.get("id"),
        event_id=_uuid("event_id", wire.get("event_id")),
        causation_id=_uuid("causation_id", wire.get("causation_id")),
    )


def _check_names(what: str, found: dict[str, Any], *, allowed: set[str], required: tuple[str, ...]) -> None:
    if missing := [name for name in required if name not in found]:
        raise _rejected(f"{what} lacks {', '.join(missing)}")
    if unknown := sorted(_short(name) for name in found if name not in allowed):
        raise _rejected(f"{what} has the unknown field {unknown[0]}; allowed are {', '.join(sorted(allowed))}")


def _check_text(field: str, value: object, limit: int) -> None:
    if value is None and field not in _REQUIRED_TEXT:
        return
    if not isinstance(value, str) or not value:
        _refuse(field, value, "a text that is not empty")
    if fault := text_fault(value):
        raise _rejected(f"{field} {fault}")
    if len(value.encode()) > limit:
        _refuse(field, value, f"at most {limit} bytes")


def _check_instant(value: object) -> None:
    if not isinstance(value, datetime) or value.utcoffset() is None:
        _refuse("timestamp", value, "an instant with its offset from UTC")
    try:
        value.astimezone(UTC)
    except OverflowError:
        _refuse("timestamp", value, "an instant of the years 1 to 9999 in UTC")


def _instant(value: object) -> datetime:
    if isinstance(value, str) and _RFC_3339.fullmatch(value):
        try:
            return datetime.fromisoformat(value)
        except ValueError as error:
            raise _rejected(f"timestamp is {_short(value)}: {error}") from error
    return _refuse("timestamp", value, "RFC 3339 with an offset, such as 2026-03-02T09:30:00Z")


def _uuid(field: str, value: object) -> UUID | None:
    if value is None:
        return None
    try:
        parsed = UUID(value) if isinstance(value, str) else None
    except ValueError:
        parsed = None
    if parsed is None or str(parsed) != value:
        _refuse(field, value, "a UUID in lower case with hyphens")
    return parsed


def _refuse(field: str, found: object, allowed: str) -> NoReturn:
    raise _rejected(f"{field} is {_short(found)}; allowed is {allowed}")


def _rejected(cause: str) -> Rejected:
    return Rejected(
        "reading an event",
        subject="the envelope",
        cause=cause,
        remedy="Correct the event and send it again.",
        code="invalid_envelope",
    )


def _short(value: object) -> str:
    """``value`` for a sentence. Containers and huge integers by type: their repr may be endless, or raise."""
    if isinstance(value, datetime):
        return value.isoformat()
    if value is None or isinstance(value, str | float) or (isinstance(value, int) and value.bit_length() < 64):
        text = ascii(value)
        return text if len(text) <= 80 else f"{text[:77]}..."
    return f"a value of the type {type(value).__name__}"
