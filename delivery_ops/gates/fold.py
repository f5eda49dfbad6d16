"""The consumer ``gates``: every evaluation, and which gate holds which deliverable now.

Belongs here: SQL that writes the fold's two tables, in the consumer's transaction. Does not belong here: questions
(``results``) and the decision to hold (``holds``). Synthetic events are kept apart by their flag and hold nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, delete
from sqlalchemy import insert as plain_insert
from sqlalchemy.dialects.postgresql import insert

from delivery_ops.contracts.envelope import RecordedEvent
from delivery_ops.gates.tables import gate_result, hold
from delivery_ops.ledger.consume import Consumer
from delivery_ops.urls import page_key


def apply(connection: Connection, events: Sequence[RecordedEvent]) -> None:
    """Fold ``events``, which follow on those folded so far."""
    evaluations = [_row(event) for event in events if event.event_type == "gate.evaluated"]
    if evaluations:
        connection.execute(plain_insert(gate_result), evaluations)
    for event in events:
        if event.synthetic:
            continue
        if event.event_type == "deliverable.held":
            _hold(connection, event)
        elif event.event_type == "deliverable.released":
            this = (hold.c.deliverable_id == event.deliverable_id, hold.c.gate == event.payload["gate"])
            connection.execute(delete(hold).where(*this))


def reset(connection: Connection) -> None:
    """Empty the fold."""
    for table in (gate_result, hold):
        connection.execute(delete(table))


GATES = Consumer("gates", apply, reset)


def _row(event: RecordedEvent) -> dict[str, Any]:
    said = event.payload
    plain = {name: said[name] for name in ("gate", "url", "outcome", "mode", "verdict", "cause", "rules_version")}
    return {
        **plain,
        "event_id": event.event_id,
        "position": event.position,
        "deliverable_id": event.deliverable_id,
        "page_key": page_key(said["url"]) or said["url"],
        "evaluated_at": event.timestamp,
        "finding_codes": ",".join(sorted({finding["code"] for finding in said["findings"]})),
        "findings": said["findings"],
        "synthetic": event.synthetic,
    }


def _hold(connection: Connection, event: RecordedEvent) -> None:
    statement = insert(hold).values(
        deliverable_id=event.deliverable_id,
        gate=event.payload["gate"],
        held_at=event.timestamp,
        position=event.position,
    )
    connection.execute(statement.on_conflict_do_nothing())  # held already: it is held since then
