"""What the fields of an envelope may hold, and the sentence that refuses what they may not.

Belongs here: the checks of single fields, for drafts made in Python and for the wire form alike. Does not belong here:
payloads (``strict_json``, ``registry``).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NoReturn

from delivery_ops.contracts.strict_json import text_fault
from delivery_ops.errors import Rejected

# Bytes of UTF-8. source + idempotency_key must fit one PostgreSQL index entry (2,704 bytes).
TEXT_LIMITS = {
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
MAX_VERSION = 32_767


def check_text(field: str, value: object, limit: int) -> None:
    """Refuse what is no text, is empty, or is longer than ``limit`` bytes; None is allowed in optional fields."""
    if value is None and field not in _REQUIRED_TEXT:
        return
    if not isinstance(value, str) or not value:
        refuse(field, value, "a text that is not empty")
    if fault := text_fault(value):
        raise rejected(f"{field} {fault}")
    if len(value.encode()) > limit:
        refuse(field, value, f"at most {limit} bytes")


def check_instant(value: object) -> None:
    """Refuse what is no aware instant that exists in UTC."""
    if not isinstance(value, datetime) or value.utcoffset() is None:
        refuse("timestamp", value, "an instant with its offset from UTC")
    try:
        value.astimezone(UTC)
    except OverflowError:
        refuse("timestamp", value, "an instant of the years 1 to 9999 in UTC")


def refuse(field: str, found: object, allowed: str) -> NoReturn:
    """Raise the ``Rejected`` that names field, found and allowed."""
    raise rejected(f"{field} is {short(found)}; allowed is {allowed}")


def rejected(cause: str) -> Rejected:
    """The refusal of an envelope, code ``invalid_envelope``."""
    return Rejected(
        "reading an event",
        subject="the envelope",
        cause=cause,
        remedy="Correct the event and send it again.",
        code="invalid_envelope",
    )


def short(value: object) -> str:
    """``value`` for a sentence. Containers and huge integers by type: their repr may be endless, or raise."""
    if isinstance(value, datetime):
        return value.isoformat()
    if value is None or isinstance(value, str | float) or (isinstance(value, int) and value.bit_length() < 64):
        text = ascii(value)
        return text if len(text) <= 80 else f"{text[:77]}..."
    return f"a value of the type {type(value).__name__}"
