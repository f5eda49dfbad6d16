"""Folds as consumers: each sees every event once, in position order, and remembers how far it got.

Belongs here: positions of consumers, catching up, rebuilding. Does not belong here: what a fold computes; its
room hands in ``apply`` and ``reset``. The position is saved in the transaction of the fold's own effects, so a
crash between the two cannot happen: both are there, or neither. The row of the position is locked meanwhile, so
that two processes catching up do not apply an event twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, column, select, table, update
from sqlalchemy.dialects.postgresql import insert

from delivery_ops import clock
from delivery_ops.contracts.envelope import Position, RecordedEvent
from delivery_ops.ledger import event_table

BATCH = 1000

_position = table("consumer_position", column("consumer"), column("position"), column("moved_at"), schema="ops")


@dataclass(frozen=True, slots=True)
class Consumer:
    """A fold. ``apply`` writes the effects of events through the connection it is given and nowhere else;
    ``reset`` empties what it wrote (by DELETE: TRUNCATE would lock readers out until the rebuild ends)."""

    name: str
    apply: Callable[[Connection, Sequence[RecordedEvent]], None]
    reset: Callable[[Connection], None]


def catch_up(engine: Engine, consumers: Sequence[Consumer]) -> dict[str, int]:
    """Apply to each consumer every event it has not seen, in transactions of 1,000. Returns how many, by name."""
    return {consumer.name: _catch_up_one(engine, consumer) for consumer in consumers}


def rebuild(engine: Engine, consumer: Consumer) -> int:
    """Compute the fold anew from the first event, in one transaction: readers see the old fold until the new
    one is complete. Returns the number of events applied."""
    with engine.begin() as connection:
        _locked_position(connection, consumer)
        consumer.reset(connection)
        _move(connection, consumer, None)
        total, applied = 0, BATCH
        while applied == BATCH:
            applied = _step(connection, consumer)
            total += applied
    return total


def _catch_up_one(engine: Engine, consumer: Consumer) -> int:
    total, applied = 0, BATCH
    while applied == BATCH:
        with engine.begin() as connection:
            applied = _step(connection, consumer)
        total += applied
    return total


def _step(connection: Connection, consumer: Consumer) -> int:
    """Apply the next batch and move the position past it. Returns its size; below 1,000 the end is reached."""
    events = event_table.after(connection, _locked_position(connection, consumer), BATCH)
    if events:
        consumer.apply(connection, events)
        _move(connection, consumer, events[-1].position)
    return len(events)


def _locked_position(connection: Connection, consumer: Consumer) -> Position | None:
    """Where the consumer stands; its row stays locked until the transaction ends."""
    connection.execute(insert(_position).values(consumer=consumer.name).on_conflict_do_nothing())
    query = select(_position.c.position).where(_position.c.consumer == consumer.name).with_for_update()
    position: Position | None = connection.scalar(query)
    return position


def _move(connection: Connection, consumer: Consumer, to: Position | None) -> None:
    query = update(_position).where(_position.c.consumer == consumer.name)
    connection.execute(query.values(position=to, moved_at=clock.now()))
