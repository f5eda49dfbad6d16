"""The wire form of an event: the JSON object that files, webhooks and ``--json`` speak.

Belongs here: draft → object and object → draft; the two are each other's inverse. Does not belong here: JSON text
(``strict_json``), and what a field may hold (``fields``).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from delivery_ops.contracts.envelope import Envelope, EventDraft
from delivery_ops.contracts.fields import refuse, rejected, short

_WIRE_REQUIRED = ("event_type", "source", "idempotency_key", "timestamp", "actor", "payload")
_WIRE_PLAIN = ("event_type", "source", "idempotency_key", "payload")
_WIRE_OPTIONAL = ("schema_version", "deliverable_id", "client_id", "correlation_id", "synthetic")
_WIRE_FIELDS = {*_WIRE_REQUIRED, *_WIRE_OPTIONAL, "event_id", "causation_id"}
_RFC_3339 = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})")


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
        raise rejected(f"the event is {short(wire)}; allowed is an object")
    _check_names("the event", wire, allowed=_WIRE_FIELDS, required=_WIRE_REQUIRED)
    actor = wire["actor"]
    if type(actor) is not dict:
        refuse("actor", actor, "an object with role and id")
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
        raise rejected(f"{what} lacks {', '.join(missing)}")
    if unknown := sorted(short(name) for name in found if name not in allowed):
        raise rejected(f"{what} has the unknown field {unknown[0]}; allowed are {', '.join(sorted(allowed))}")


def _instant(value: object) -> datetime:
    if isinstance(value, str) and _RFC_3339.fullmatch(value):
        try:
            return datetime.fromisoformat(value)
        except ValueError as error:
            raise rejected(f"timestamp is {short(value)}: {error}") from error
    return refuse("timestamp", value, "RFC 3339 with an offset, such as 2026-03-02T09:30:00Z")


def _uuid(field: str, value: object) -> UUID | None:
    if value is None:
        return None
    try:
        parsed = UUID(value) if isinstance(value, str) else None
    except ValueError:
        parsed = None
    if parsed is None or str(parsed) != value:
        refuse(field, value, "a UUID in lower case with hyphens")
    return parsed
