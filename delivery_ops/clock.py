"""The one clock. Everything that needs the present asks ``now()``; nothing else calls the system clock.

Belongs here: the present instant and the reading of a frozen one. Does not belong here: calendars, business
time, parsing. A simulated operation freezes time in the table ``ops.clock``; the database room hands that
table's reader to ``read_from`` when it opens such an operation, so that Python and SQL agree on the instant.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

FrozenInstant = Callable[[], datetime | None]


def _never_frozen() -> datetime | None:
    return None


_frozen_instant: FrozenInstant = _never_frozen


def now() -> datetime:
    """The present as an aware UTC instant: the frozen one where there is one, else the system clock's."""
    return _frozen_instant() or datetime.now(UTC)


def today(zone: ZoneInfo) -> date:
    """The calendar date of ``now()`` in ``zone``."""
    return now().astimezone(zone).date()


def read_from(source: FrozenInstant | None) -> None:
    """Ask ``source`` for a frozen instant from now on; ``None`` goes back to the system clock alone."""
    global _frozen_instant
    _frozen_instant = source or _never_frozen
