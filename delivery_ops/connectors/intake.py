"""What becomes of a webhook: verified, translated, appended, and kept aside, before anybody is told that it arrived.

Belongs here: that decision, and the answer to the sender as a record. Does not belong here: HTTP (``web``), any one
system's signature or body (its ``hook``). The events are in the ledger before the delivery is kept: whoever dies in
between told the sender nothing, and its next attempt finds duplicates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Engine

from delivery_ops import clock
from delivery_ops.connectors import deliveries
from delivery_ops.connectors.deliveries import Outcome
from delivery_ops.connectors.delivery import Delivery, Headers, HookCheck
from delivery_ops.contracts.envelope import EventDraft
from delivery_ops.errors import Permanent, Rejected
from delivery_ops.ledger.balance import Balance
from delivery_ops.ledger.intake import Registrar
from delivery_ops.ledger.ledger import Ledger
from delivery_ops.ledger.outside import append_from_outside
from delivery_ops.ledger.rejections import Rejection
from delivery_ops.ledger.settle import AppendResult

Hook = Callable[[Delivery], HookCheck]
"""A connector's ``hook.check`` with its site and secrets."""


class UnknownSource(Permanent):
    """No source of this name takes webhooks."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """What became of a delivery. ``event_ids``: the events that say what it said, whoever told first; none for a ping
    and for pages that are nobody's. ``reason`` stands with every outcome but accepted."""

    outcome: Outcome
    delivery_id: UUID
    event_ids: tuple[UUID, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Intake:
    """Takes in the webhooks of ``sources``, by name. ``engine`` is of the role writer."""

    ledger: Ledger
    registrar: Registrar
    engine: Engine
    sources: Mapping[str, Hook]
    now: Callable[[], datetime] = clock.now

    def receive(self, source: str, headers: Headers, body: bytes) -> Receipt:
        """Take in what was sent to ``source``; all of it is committed when this returns.

        Raises:
            UnknownSource: nothing was kept.
            DeliveryOpsError: the store cannot be used now; the sender must send it again.
        """
        hook = self.hook_of(source)
        delivery = Delivery(headers=headers, body=body, received_at=self.now())
        found = hook(delivery)
        if not found.authentic:
            return self._kept(source, delivery, "refused", found.reason)
        if found.stale:
            return self._kept(source, delivery, "quarantined", "stale_timestamp")
        if found.fault is not None:
            return self._rejected(source, delivery, found.fault)
        return self._appended(source, delivery, found.events)

    def hook_of(self, source: str) -> Hook:
        """How webhooks of ``source`` are read.

        Raises:
            UnknownSource: there is no such source.
        """
        hook = self.sources.get(source)
        if hook is None:
            raise UnknownSource(
                "taking in a webhook",
                subject=f"{source:.80}",
                cause="no source of this name takes webhooks",
                remedy="Check the address that the sending system was given.",
            )
        return hook

    def _appended(self, source: str, delivery: Delivery, drafts: Sequence[EventDraft]) -> Receipt:
        results = append_from_outside(self.ledger, drafts, self.registrar, origin=f"webhook of {source}")
        event_ids = tuple(one.event_id for one in results if one.event_id and one.outcome in {"kept", "duplicate"})
        failed = _worst(results)
        if failed is None:
            return self._kept(source, delivery, "accepted", None, event_ids)
        outcome: Outcome = "conflict" if failed.outcome == "conflict" else "rejected"
        return self._kept(source, delivery, outcome, failed.reason, event_ids)

    def _rejected(self, source: str, delivery: Delivery, fault: Rejected) -> Receipt:
        origin = f"webhook of {source}"
        self.ledger.reject([Rejection.of(fault, source=source, body=delivery.body, origin=origin)])
        self.ledger.log_intake(origin, Balance(received=1, rejected=1))
        return self._kept(source, delivery, "rejected", fault.cause)

    def _kept(
        self,
        source: str,
        delivery: Delivery,
        outcome: Outcome,
        reason: str | None,
        event_ids: tuple[UUID, ...] = (),
    ) -> Receipt:
        with self.engine.begin() as connection:
            delivery_id = deliveries.keep(connection, source, delivery, outcome, reason=reason, event_ids=event_ids)
        return Receipt(outcome=outcome, delivery_id=delivery_id, event_ids=event_ids, reason=reason)


def _worst(results: Sequence[AppendResult]) -> AppendResult | None:
    """What the delivery fails by: a conflict before a rejection, for only a conflict is the sender's to solve."""
    failed = {one.outcome: one for one in reversed(results)}
    return failed.get("conflict") or failed.get("rejected")
