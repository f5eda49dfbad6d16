"""Where one deliverable stands: its stage, for how long, and what keeps it there.

Belongs here: reading ``ops.deliverable`` for people and other rooms. Does not belong here: the stage machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from delivery_ops.deliverables.stages import Stage
from delivery_ops.deliverables.tables import among, deliverable


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """``stage`` and ``since`` are None until anything happened to the deliverable."""

    deliverable_id: str
    client_id: str
    stage: Stage | None
    since: datetime | None
    holding_gates: tuple[str, ...]
    illegal_moves: int

    def time_in_stage(self, now: datetime) -> timedelta | None:
        """How long it has been in its stage at ``now``."""
        return None if self.since is None else now - self.since


def standing(connection: Connection, deliverable_id: str) -> Standing | None:
    """Where ``deliverable_id`` stands; None if nobody registered it."""
    found = connection.execute(select(deliverable).where(deliverable.c.deliverable_id == deliverable_id)).one_or_none()
    if found is None:
        return None
    return Standing(
        deliverable_id=found.deliverable_id,
        client_id=found.client_id,
        stage=found.stage and Stage(found.stage),
        since=found.stage_since,
        holding_gates=tuple(found.holding_gates),
        illegal_moves=found.illegal_moves,
    )


def clients_of(connection: Connection, deliverable_ids: set[str]) -> dict[str, str]:
    """The client of each of ``deliverable_ids`` that is registered."""
    query = select(deliverable.c.deliverable_id, deliverable.c.client_id)
    rows = connection.execute(query.where(among(deliverable.c.deliverable_id, deliverable_ids)))
    return {row.deliverable_id: row.client_id for row in rows}
