"""Drafts that a connector made of what somebody outside said, into the ledger, with the balance of all of them.

Belongs here: what becomes of each, alike for webhooks and polls. Does not belong here: bytes and what they mean (the
connectors), lines of a file (``intake``), and what becomes of an unknown deliverable (the ``Registrar`` decides).
"""

from __future__ import annotations

from collections.abc import Sequence

from delivery_ops import clock
from delivery_ops.contracts.envelope import EventDraft, canonical_json
from delivery_ops.contracts.wire import to_wire
from delivery_ops.errors import Rejected
from delivery_ops.ledger.balance import Balance
from delivery_ops.ledger.intake import Registrar, prepared
from delivery_ops.ledger.ledger import Ledger
from delivery_ops.ledger.rejections import Rejection
from delivery_ops.ledger.settle import AppendResult


def append_from_outside(
    ledger: Ledger, drafts: Sequence[EventDraft], registrar: Registrar, *, origin: str
) -> list[AppendResult]:
    """Append ``drafts``; one result per draft, in their order. One that is refused is a stored rejection.

    Args:
        origin: what the drafts are called in a rejection and in the balance: where they came from.
    """
    if not drafts:
        return []
    now = clock.now()
    refused: dict[int, Rejected] = {}
    admitted: list[tuple[int, EventDraft]] = []
    for at, draft in enumerate(drafts):
        try:
            admitted.append((at, ledger.admit_from_outside(draft, now=now)))
        except Rejected as error:
            refused[at] = error
    ready: list[tuple[int | None, EventDraft]] = []
    for index, item in prepared([draft for _, draft in admitted], registrar):
        place = None if index is None else admitted[index][0]
        if isinstance(item, EventDraft):
            ready.append((place, item))
        elif place is not None:
            refused[place] = item
    ledger.reject([_rejection(drafts[at], error, origin) for at, error in refused.items()])
    appended = ledger.append([draft for _, draft in ready])
    results = {at: AppendResult.rejected(error) for at, error in refused.items()}
    results |= {at: result for (at, _), result in zip(ready, appended, strict=True) if at is not None}
    ledger.log_intake(origin, Balance.of(len(drafts), (one.outcome for one in results.values())))
    return [results[at] for at in range(len(drafts))]


def _rejection(draft: EventDraft, error: Rejected, origin: str) -> Rejection:
    body, key = canonical_json(to_wire(draft)), draft.idempotency_key
    return Rejection.of(error, source=draft.source, body=body, origin=origin, idempotency_key=key)
