"""What a complete Pacific day of a property must look like once exported, added up from the sightings.

Belongs here: day totals, rows by page and by query and page, whose each row is, and which days are complete at an
instant. It shares no code with the server's answers. Only tests read it, through ``truth``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

from delivery_ops.simulator.records import Client, Sighting
from delivery_ops.simulator.search_demand import FIRST_DAY, LAST_DAY, PACIFIC


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchRow:
    """One row. ``query`` and ``page`` are ``None`` where rows are not told apart by them; ``position`` is exact."""

    query: str | None
    page: str | None
    deliverable_id: str | None
    clicks: int
    impressions: int
    position: Fraction


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchDay:
    """A property's day: its total (``None``: nothing was seen), its rows by page, its rows by query and page."""

    total: SearchRow | None
    pages: tuple[SearchRow, ...]
    queries: tuple[SearchRow, ...]


def search_days(clients: Iterable[Client], sightings: Iterable[Sighting]) -> dict[tuple[str, date], SearchDay]:
    """Every day of every property, by (property, day)."""
    by_day: defaultdict[tuple[str, date], list[Sighting]] = defaultdict(list)
    for sighting in sightings:
        by_day[sighting.search_property, sighting.day].append(sighting)
    count = (LAST_DAY - FIRST_DAY).days + 1
    days = [FIRST_DAY + timedelta(days=nth) for nth in range(count)]
    return {
        (client.search_property, day): _day(by_day[client.search_property, day]) for client in clients for day in days
    }


def complete_days(client: Client, now: datetime) -> list[date]:
    """The days from ``FIRST_DAY`` on of which nothing will change after ``now``."""
    found: list[date] = []
    day = FIRST_DAY
    while True:
        after = day + timedelta(days=1)
        ended = datetime(after.year, after.month, after.day, tzinfo=PACIFIC).astimezone(UTC)
        if ended + timedelta(hours=client.final_after_hours) > now:
            return found
        found.append(day)
        day = after


def _day(seen: list[Sighting]) -> SearchDay:
    told = [sighting for sighting in seen if not sighting.anonymised]
    total = _rows(seen, lambda _: (None, None, None), lambda s: s.impressions - s.shared)
    return SearchDay(
        total=total[0] if total else None,
        pages=_rows(seen, lambda s: (None, s.page, s.deliverable_id), lambda s: s.impressions),
        queries=_rows(told, lambda s: (s.query, s.page, s.deliverable_id), lambda s: s.impressions),
    )


def _rows(
    seen: Iterable[Sighting], key: Callable[[Sighting], tuple[Any, Any, Any]], counted: Callable[[Sighting], int]
) -> tuple[SearchRow, ...]:
    groups: Mapping[tuple[Any, Any, Any], list[Sighting]] = defaultdict(list)
    for sighting in seen:
        groups[key(sighting)].append(sighting)
    return tuple(
        SearchRow(
            query=query,
            page=page,
            deliverable_id=deliverable_id,
            clicks=sum(s.clicks for s in group),
            impressions=impressions,
            position=Fraction(sum(counted(s) * s.position_tenths for s in group), 10 * impressions),
        )
        for (query, page, deliverable_id), group in sorted(groups.items(), key=lambda item: [str(k) for k in item[0]])
        if (impressions := sum(counted(s) for s in group))
    )
