"""Which Pacific days to export: pure arithmetic on dates and instants.

Search Console counts days in Pacific time (America/Los_Angeles, with its 23 and 25 hour days). Belongs here: that
calendar, the trailing window, and the rule by which a day is due. Does not belong here: asking the API how far its
data is complete, or reading the export log; both come in as values. Spans are half-open everywhere; only
``DaySpan.last`` turns one into the inclusive dates the API wants.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

PACIFIC = ZoneInfo("America/Los_Angeles")
ONE_DAY = timedelta(days=1)
#: Google publishes a day as final after two to three days, so a copy taken earlier is taken once more.
FINALITY = timedelta(days=3)
#: Google keeps 16 months of search performance and can give nothing older.
HISTORY_MONTHS = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class DaySpan:
    """The days from ``start`` up to, not including, ``end``; empty where ``end <= start``."""

    start: date
    end: date

    @classmethod
    def inclusive(cls, first: date, last: date) -> DaySpan:
        """The days from ``first`` to ``last``, both inside."""
        return cls(start=first, end=last + ONE_DAY)

    @property
    def last(self) -> date:
        """The last day inside (the API's inclusive end)."""
        return self.end - ONE_DAY

    def __iter__(self) -> Iterator[date]:
        return (self.start + ONE_DAY * offset for offset in range(len(self)))

    def __len__(self) -> int:
        return max(0, (self.end - self.start).days)

    def within(self, bounds: DaySpan) -> DaySpan:
        """The days that are also in ``bounds``."""
        return DaySpan(start=max(self.start, bounds.start), end=min(self.end, bounds.end))

    def without(self, inner: DaySpan) -> tuple[DaySpan, ...]:
        """The days that are not in ``inner``: at most one span before it and one after."""
        if not len(inner.within(self)):
            return (self,) if len(self) else ()
        parts = (DaySpan(start=self.start, end=inner.start), DaySpan(start=inner.end, end=self.end))
        return tuple(part for part in parts if len(part))


def utc_interval(day: date) -> tuple[datetime, datetime]:
    """The half-open interval of UTC instants that make up a Pacific day (23, 24 or 25 hours long)."""
    return _midnight(day), _midnight(day + ONE_DAY)


def pacific_day(instant: datetime) -> date:
    """The Pacific day an aware instant falls on."""
    return instant.astimezone(PACIFIC).date()


def available(start: date, *, as_of: datetime, now: datetime) -> DaySpan:
    """The days that a run as of an instant may ask for: wanted (not before ``start``), ended, still kept by Google.

    Google answers a day that it no longer keeps, like one without any search, with no rows, so asking for it would
    make a zero of it. The oldest day it keeps is left out: the hour at which that one goes is not documented.
    """
    oldest = _months_before(pacific_day(now), HISTORY_MONTHS) + ONE_DAY
    return DaySpan(start=max(start, oldest), end=pacific_day(min(as_of, now)))


def trailing(span: DaySpan, days: int) -> DaySpan:
    """The last ``days`` days of a span."""
    return DaySpan(start=max(span.start, span.end - ONE_DAY * days), end=span.end)


def due_days(span: DaySpan, exported_at: Mapping[date, datetime], now: datetime) -> list[date]:
    """The days of ``span`` to export, oldest first: those never exported, and those exported too early to be final."""
    return [day for day in span if day not in exported_at or is_stale(day, exported_at[day], now)]


def is_stale(day: date, exported_at: datetime, now: datetime) -> bool:
    """Whether a copy was taken while the day could still change, and that time has passed meanwhile."""
    return exported_at < final_at(day) <= now


def final_at(day: date) -> datetime:
    """The instant from which Google's numbers of a Pacific day are taken as final."""
    return utc_interval(day)[1] + FINALITY


def _midnight(day: date) -> datetime:
    # Pacific clocks change at 02:00, so midnight always exists once.
    return datetime.combine(day, time(), PACIFIC).astimezone(UTC)


def _months_before(day: date, months: int) -> date:
    """The same day of an earlier month, or that month's last day where it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
