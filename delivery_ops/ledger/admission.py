"""Who may say what to the ledger, and when it can have happened: its rules beyond the contract of a payload.

Belongs here: those rules, as pure checks of one draft. Does not belong here: contracts (``contracts.registry``), and
what becomes of a refused draft. What the system finds out itself (a hold, a verdict, a load) decides what is delivered
and billed, so nobody outside can say it, nor take a key that the system is going to need.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from delivery_ops.contracts.envelope import EventDraft
from delivery_ops.contracts.registry import Contract
from delivery_ops.errors import Rejected

SYSTEM_SOURCE = "delivery_ops"
SEARCH_CONSOLE_SOURCE = "search_console"
RESERVED_SOURCES = frozenset({SYSTEM_SOURCE, SEARCH_CONSOLE_SOURCE})
"""The sources the system writes under."""

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far ahead the clock of a source may be. A later instant would outrank every move of a stage until it comes."""


def require_outsider_may_say(draft: EventDraft, contract: Contract) -> None:
    """Refuse what only the system says.

    Raises:
        Rejected: code ``reserved_event_type`` or ``reserved_source``.
    """
    if contract.system_only:
        cause = f"the type {draft.event_type} is for the system alone, which says it when it finds it out"
        raise _rejected(draft, cause, "Send what happened to the work instead.", "reserved_event_type")
    if draft.source in RESERVED_SOURCES:
        cause = f"the source {draft.source!r} is the system's own"
        raise _rejected(draft, cause, "Name the system that the event comes from.", "reserved_source")


def require_happened(draft: EventDraft, now: datetime) -> None:
    """Refuse what has not happened yet.

    Raises:
        Rejected: code ``in_the_future``, when the timestamp is more than five minutes after ``now``.
    """
    if draft.timestamp - now > CLOCK_TOLERANCE:
        minutes = int(CLOCK_TOLERANCE.total_seconds() // 60)
        at, present = (instant.astimezone(UTC).isoformat(timespec="seconds") for instant in (draft.timestamp, now))
        cause = f"timestamp is {at}, more than {minutes} minutes after now ({present})"
        raise _rejected(draft, cause, "Correct the clock of the source, and send it again.", "in_the_future")


def require_real(draft: EventDraft) -> None:
    """Refuse what a smoke test says.

    Raises:
        Rejected: code ``synthetic_not_allowed``.
    """
    if draft.synthetic:
        cause = "synthetic is true, which only a smoke principal may set"
        raise _rejected(draft, cause, "Leave synthetic out.", "synthetic_not_allowed")


def _rejected(draft: EventDraft, cause: str, remedy: str, code: str) -> Rejected:
    subject = f"{draft.event_type} {draft.source}/{draft.idempotency_key}"
    return Rejected("appending an event", subject=subject, cause=cause, remedy=remedy, code=code)
