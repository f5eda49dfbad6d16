"""Single texts as values: instants, whole numbers, minor units, minutes. Each is exact or a ``ValueError``.

Belongs here: how a text of a file is read. Does not belong here: which field holds what (``mapping``). Spaces around
numbers and instants mean nothing; no number is beyond ``money.LARGEST_MINOR``, so that sums fit 64 bits.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from delivery_ops import money

_WHOLE = re.compile(r"[+-]?[0-9]{1,20}(?:\.0*)?")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,20}(?:\.[0-9]{1,20})?")


def instant(text: str, zone: str) -> datetime:
    """ISO 8601 as a UTC instant. One without an offset is wall time in ``zone``, a date alone its 00:00.

    Wall time that a clock change repeats is the first of the two; wall time that it skips is moved on by the length
    of the gap (RFC 5545, 3.3.5), so that 02:30 on a day without it is 03:30.
    """
    try:
        found = datetime.fromisoformat(text.strip())
        if found.utcoffset() is None:
            found = found.replace(tzinfo=ZoneInfo(zone))
        return found.astimezone(UTC)
    except (ValueError, OverflowError):
        msg = f"{text!r:.60} is no date or instant, such as 2026-03-02 or 2026-03-02T09:30:00Z"
        raise ValueError(msg) from None


def whole_number(text: str) -> int:
    """An integer; a fraction of zeros is none (``90.0``)."""
    if not _WHOLE.fullmatch(text.strip()):
        msg = f"{text!r:.60} is no whole number"
        raise ValueError(msg)
    return _that_can_be_summed(int(Decimal(text.strip())))


def minor_units(text: str, currency: str) -> int:
    """A decimal amount in the currency's minor units, never rounded."""
    return _that_can_be_summed(money.to_minor_units(text.strip(), currency))


def minutes_of_hours(text: str) -> int:
    """Decimal hours in whole minutes, half a minute up: time sheets write 20 minutes as ``0.33``."""
    if not _DECIMAL.fullmatch(text.strip()):
        msg = f"{text!r:.60} is no number of hours, such as 1.25"
        raise ValueError(msg)
    return _that_can_be_summed(int((Decimal(text.strip()) * 60).to_integral_value(ROUND_HALF_UP)))


def _that_can_be_summed(number: int) -> int:
    if abs(number) > money.LARGEST_MINOR:
        msg = f"{number} is too large; {money.LARGEST_MINOR} is the largest"
        raise ValueError(msg)
    return number
