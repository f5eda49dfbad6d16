"""What every batch from outside came to, kept until a report has told it.

Belongs here: adding a batch's balance, and the sum of what arrived since the last report. Does not belong here:
counting (``intake``). A batch is logged after it was appended: a process that dies between the two leaves kept events
uncounted, and the repetition that finishes the file counts them as the duplicates they then are. A run counts what no
report has told, so what a run that failed had counted is counted again by the next one.
"""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import Connection, column, insert, table, update

from delivery_ops import clock
from delivery_ops.ledger.balance import Balance

_COUNTS = ("received", "kept", "duplicate", "conflict", "rejected")
_intake = table("intake", *map(column, ("origin", "taken_at", "run_id", "is_told", *_COUNTS)), schema="ops")


def record(connection: Connection, origin: str, balance: Balance) -> None:
    """Add one batch."""
    connection.execute(insert(_intake).values(origin=origin, taken_at=clock.now(), **asdict(balance)))


def count(connection: Connection, run_id: str) -> Balance:
    """The sum of all batches that no report has told yet; they are the run's now."""
    counted = update(_intake).where(_intake.c.is_told.is_(False)).values(run_id=run_id)
    rows = connection.execute(counted.returning(*(_intake.c[name] for name in _COUNTS)))
    return sum((Balance(**row._asdict()) for row in rows), start=Balance())


def tell(connection: Connection, run_id: str) -> None:
    """The run's report is written: what it counted is told."""
    connection.execute(update(_intake).where(_intake.c.run_id == run_id).values(is_told=True))
