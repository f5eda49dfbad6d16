"""A simulated operation's time: the row of ``ops.clock`` that ``clock.now()`` and SQL ``ops.now()`` both read.

Belongs here: setting and reading that row. Does not belong here: any other notion of time. A real operation's
time cannot be frozen.
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from delivery_ops.clock import FrozenInstant
from delivery_ops.database.database import Database
from delivery_ops.database.roles import Role
from delivery_ops.errors import BadUsage
from delivery_ops.settings import Settings

_CLOCK = sa.table(
    "clock",
    sa.column("only_row", sa.Boolean),
    sa.column("frozen_at", sa.DateTime(timezone=True)),
    schema="ops",
)


def freeze(settings: Settings, database: Database, instant: datetime) -> None:
    """Let time stand still at ``instant`` (aware), for Python and SQL, in every process of the operation.

    Raises:
        BadUsage: the operation is not simulated, or ``instant`` has no zone.
    """
    if settings.simulated is None:
        raise _refused(
            settings,
            "the operation is real: its configuration has no `simulated:`",
            "Only a simulated operation's time can be frozen.",
        )
    if instant.tzinfo is None:
        raise _refused(settings, f"{instant.isoformat()} has no time zone", "Give an instant such as …T12:00:00Z.")
    row = insert(_CLOCK).values(only_row=True, frozen_at=instant)
    row = row.on_conflict_do_update(index_elements=["only_row"], set_={"frozen_at": row.excluded.frozen_at})
    with database.engine(Role.folder).begin() as connection:
        connection.execute(row)


def reader(database: Database) -> FrozenInstant:
    """What ``clock.read_from`` takes: asks ``ops.clock`` each time, since another process may set it."""
    engine = database.engine(Role.reader).execution_options(isolation_level="AUTOCOMMIT")

    def frozen_instant() -> datetime | None:
        with engine.connect() as connection:
            instant: datetime | None = connection.execute(sa.select(_CLOCK.c.frozen_at)).scalar_one_or_none()
        return instant.astimezone(UTC) if instant else None

    return frozen_instant


def _refused(settings: Settings, cause: str, remedy: str) -> BadUsage:
    return BadUsage("setting the clock", subject=settings.operation, cause=cause, remedy=remedy)
