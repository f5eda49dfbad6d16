"""What every batch from outside came to, kept so that the balance can be told long after.

Belongs here: adding a batch's balance, and the sum of all. Does not belong here: counting (``intake``). A batch is
logged after it was appended: a process that dies between the two leaves kept events uncounted, and the repetition
that finishes the file counts them as the duplicates they then are.
"""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import Connection, column, func, insert, select, table

from delivery_ops import clock
from delivery_ops.ledger.balance import Balance

_COUNTS = ("received", "kept", "duplicate", "conflict", "rejected")
_intake = table("intake", column("origin"), column("taken_at"), *map(column, _COUNTS), schema="ops")


def record(connection: Connection, origin: str, balance: Balance) -> None:
    """Add one batch."""
    connection.execute(insert(_intake).values(origin=origin, taken_at=clock.now(), **asdict(balance)))


def total(connection: Connection) -> Balance:
    """The sum of all batches ever."""
    sums = [func.coalesce(func.sum(_intake.c[name]), 0).label(name) for name in _COUNTS]
    row = connection.execute(select(*sums)).one()
    return Balance(**{name: int(count) for name, count in row._asdict().items()})
