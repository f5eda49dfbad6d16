"""What each deliverable cost the agency: hours by activity at its rate, now and then an outlay.

Belongs here: the cost rows of the time sheet. Does not belong here: what the client is billed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from delivery_ops.simulator.business_time import BERLIN
from delivery_ops.simulator.dice import dice
from delivery_ops.simulator.lifecycle import LAST_WORKING_HOUR
from delivery_ops.simulator.records import CostRow, Deliverable

_RATES = (("strategy", 9_500), ("design", 8_500), ("copy", 7_800))  # cents per hour


def costs(seed: int, made: Sequence[Deliverable]) -> tuple[CostRow, ...]:
    """Every row, deliverable by deliverable."""
    return tuple(row for deliverable in made for row in _rows(seed, deliverable))


def _rows(seed: int, deliverable: Deliverable) -> Iterator[CostRow]:
    stream = dice(seed, "costs", deliverable.deliverable_id)
    ended = (deliverable.published_at or LAST_WORKING_HOUR).astimezone(BERLIN).date()
    for activity, rate in _RATES:
        minutes = 15 * stream.randint(4, 60)
        yield CostRow(
            cost_id=f"{deliverable.deliverable_id}-{activity}",
            deliverable_id=deliverable.deliverable_id,
            amount_minor=minutes * rate // 60,
            currency="EUR",
            minutes=minutes,
            worked_on=ended - timedelta(days=stream.randint(3, 15)),
        )
    if stream.random() < 0.3:
        yield CostRow(
            cost_id=f"{deliverable.deliverable_id}-images",
            deliverable_id=deliverable.deliverable_id,
            amount_minor=stream.randint(2_000, 40_000),
            currency="EUR",
            minutes=None,
            worked_on=ended - timedelta(days=stream.randint(3, 15)),
        )
