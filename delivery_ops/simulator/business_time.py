"""The agency's working hours: Monday to Friday, 09:00 to 18:00 in Berlin.

Belongs here: moving an instant by working minutes, so that invented lifecycles look like office work. Does not
belong here: holidays, service levels, or any calendar the product itself computes with.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")
_OPENS = time(9)
_DAY = 9 * 60
_MONDAY = date(2025, 1, 6)


def local(day: date, at: time) -> datetime:
    """The UTC instant at which Berlin's clocks show ``at`` on ``day``."""
    return datetime.combine(day, at, BERLIN).astimezone(UTC)


def shift(instant: datetime, minutes: int) -> datetime:
    """``instant`` (within working hours) moved by working minutes, forward or back."""
    there = instant.astimezone(BERLIN)
    weeks, weekday = divmod((there.date() - _MONDAY).days, 7)
    opened = datetime.combine(there.date(), _OPENS, BERLIN)
    elapsed = (weeks * 5 + min(weekday, 4)) * _DAY + min(_DAY - 1, max(0, (there - opened) // timedelta(minutes=1)))
    working_day, minute = divmod(elapsed + minutes, _DAY)
    weeks, weekday = divmod(working_day, 5)
    day = _MONDAY + timedelta(weeks=weeks, days=weekday)
    return (datetime.combine(day, _OPENS, BERLIN) + timedelta(minutes=minute)).astimezone(UTC)
