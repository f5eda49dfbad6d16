"""What an append came to: pure decisions over the drafts and who holds their keys.

Belongs here: the outcomes, and the event that records a conflict. Does not belong here: SQL, transactions.
A key belongs for ever to the first body that took it. Most systems swallow a second, different body in silence;
here it is refused, and both digests are kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from delivery_ops.contracts.envelope import EventDraft, Position
from delivery_ops.errors import Rejected
from delivery_ops.ledger.admission import SYSTEM_SOURCE
from delivery_ops.ledger.stored_form import Holder, Key, Sealed

Outcome = Literal["kept", "duplicate", "conflict", "rejected"]


@dataclass(frozen=True, kw_only=True, slots=True)
class AppendResult:
    """What became of one draft. For a duplicate and a conflict, ``event_id`` and ``position`` are those of the
    event that holds the key; ``code`` and ``reason`` stand with a conflict and a rejection."""

    outcome: Outcome
    event_id: UUID | None = None
    position: Position | None = None
    code: str | None = None
    reason: str | None = None

    @classmethod
    def rejected(cls, error: Rejected) -> AppendResult:
        """The result that ``error`` states."""
        return cls(outcome="rejected", code=error.code, reason=error.cause)


def settle(sealed: Sequence[Sealed], kept: Mapping[Key, Holder], earlier: Mapping[Key, Holder]) -> list[AppendResult]:
    """One result per item, in order: ``kept`` are those inserted now, ``earlier`` the holders of other keys."""
    claimed: set[Key] = set()
    results = []
    for item in sealed:
        new = kept.get(item.key)
        if new and new.event_id == item.event_id and item.key not in claimed:
            claimed.add(item.key)
            results.append(AppendResult(outcome="kept", event_id=new.event_id, position=new.position))
        else:
            results.append(_repeated(item, new or earlier.get(item.key)))
    return results


def conflict_event(refused: Sealed, holder: Holder, *, at: datetime) -> EventDraft:
    """The ``ingest.conflict`` for ``refused``; the same body refused again gives the same key."""
    source, idempotency_key = refused.key
    return EventDraft(
        event_type="ingest.conflict",
        source=SYSTEM_SOURCE,
        idempotency_key=f"{holder.event_id}/{refused.body_sha256.hex()}",
        timestamp=at,
        actor_role="system",
        payload={
            "source": source,
            "idempotency_key": idempotency_key,
            "kept_event_id": str(holder.event_id),
            "kept_digest": holder.body_sha256.hex(),
            "refused_digest": refused.body_sha256.hex(),
        },
    )


def _repeated(item: Sealed, holder: Holder | None) -> AppendResult:
    if holder is None:
        reason = f"event_id {item.event_id} belongs to an event under another key"
        return AppendResult(outcome="rejected", code="event_id_taken", reason=reason)
    if holder.body_sha256 == item.body_sha256:
        return AppendResult(outcome="duplicate", event_id=holder.event_id, position=holder.position)
    kept, refused = holder.body_sha256.hex(), item.body_sha256.hex()
    return AppendResult(
        outcome="conflict",
        event_id=holder.event_id,
        position=holder.position,
        code="idempotency_conflict",
        reason=f"the key holds another body: kept {kept[:12]}…, refused {refused[:12]}…",
    )
