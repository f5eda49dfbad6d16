"""A webhook as it came in, and what its signature proves of it.

Belongs here: the records every connector's ``verify`` and ``translate`` share, and the decision of ``hook verify``,
made of both. Does not belong here: any one system's signature or body. ``verify(headers, body, secrets, now)`` is a
total function of bytes from anywhere: it gives a verdict and never raises, so that a forged header is a 401, not a 500.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from delivery_ops.contracts.envelope import EventDraft
from delivery_ops.contracts.wire import to_wire
from delivery_ops.errors import Rejected

Headers = Sequence[tuple[str, str]]
"""As received: in order, a name as often as it came. Names compare without case."""

TOLERANCE = timedelta(minutes=5)
"""How far a signed timestamp may lie from now, in either direction, before the delivery is stale."""

RefusalReason = Literal["no_secret", "missing_signature", "duplicate_header", "malformed_signature", "wrong_signature"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One delivery. ``body`` is exactly what was sent: signatures are over bytes."""

    headers: Headers
    body: bytes
    received_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Authentic:
    """Signed with an active secret, just now."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stale:
    """Signed with an active secret, at ``sent_at``: too long ago, or in the future."""

    sent_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """Not signed with any active secret."""

    reason: RefusalReason


Verdict = Authentic | Stale | Refused


@dataclass(frozen=True, kw_only=True, slots=True)
class HookCheck:
    """The answer of ``hook verify``: ``reason`` is None where the delivery is authentic, fresh and understood;
    ``fault`` is why it was not understood."""

    authentic: bool
    stale: bool
    reason: str | None
    events: tuple[EventDraft, ...] = field(default=())
    fault: Rejected | None = None

    def as_json(self) -> dict[str, Any]:
        """The document that ``hook verify --json`` prints."""
        return {
            "authentic": self.authentic,
            "stale": self.stale,
            "reason": self.reason,
            "events": [to_wire(event) for event in self.events],
        }


def check_hook(verdict: Verdict, translate: Callable[[], Sequence[EventDraft]]) -> HookCheck:
    """What ``hook verify`` says of a delivery with this ``verdict``; it is translated only where it is signed."""
    if isinstance(verdict, Refused):
        return HookCheck(authentic=False, stale=False, reason=verdict.reason)
    stale = isinstance(verdict, Stale)
    try:
        events = tuple(translate())
    except Rejected as error:
        return HookCheck(authentic=True, stale=stale, reason=error.code, fault=error)
    return HookCheck(authentic=True, stale=stale, reason="stale_timestamp" if stale else None, events=events)


def values_of(headers: Headers, name: str) -> list[str]:
    """Every value of the header ``name``, in the order received."""
    return [value for found, value in headers if found.lower() == name.lower()]
