"""What Search Console answers to a request in order, at a given instant.

Belongs here: which sightings are known yet, how impressions are counted by page and by property, what anonymised
queries are missing from, the cap of rows a day, order and paging. Pure: the instant is an argument. Does not belong
here: checking the request (``search_console_query``) and HTTP.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zlib import crc32

from delivery_ops.simulator.records import Client, Sighting
from delivery_ops.simulator.search_console_query import Query
from delivery_ops.simulator.search_demand import PACIFIC

ROWS_A_DAY = 50_000
_HOURLY_DAYS = 10
Key = tuple[str, ...]


@dataclass(slots=True)
class _Sum:
    clicks: int = 0
    impressions: int = 0
    tenths: int = 0

    def add(self, other: _Sum) -> None:
        self.clicks += other.clicks
        self.impressions += other.impressions
        self.tenths += other.tenths


@dataclass(frozen=True, kw_only=True, slots=True)
class Property:
    """One property and all its sightings by Pacific day. ``rows_a_day``: the most that are ever told of a day."""

    name: str
    final_after: timedelta
    by_day: Mapping[date, Sequence[Sighting]]
    rows_a_day: int = ROWS_A_DAY

    @classmethod
    def of(cls, client: Client, sightings: Iterable[Sighting]) -> Property:
        """The client's property out of everybody's sightings."""
        by_day: defaultdict[date, list[Sighting]] = defaultdict(list)
        for sighting in sightings:
            if sighting.search_property == client.search_property:
                by_day[sighting.day].append(sighting)
        return cls(name=client.search_property, final_after=timedelta(hours=client.final_after_hours), by_day=by_day)

    def is_final(self, day: date, now: datetime) -> bool:
        """Whether nothing of ``day`` will change any more."""
        return midnight(day + timedelta(days=1)) + self.final_after <= now

    def answer(self, query: Query, now: datetime) -> dict[str, Any]:
        """The response body."""
        merged: defaultdict[Key, _Sum] = defaultdict(_Sum)
        for known in self._known(query, now):
            for key, sums in _capped(_grouped(query, known), self.rows_a_day):
                merged[key].add(sums)
        rows = sorted(merged.items(), key=lambda item: _order(query, *item))
        page = rows[query.start_row : query.start_row + query.row_limit]
        body: dict[str, Any] = {"responseAggregationType": "byPage" if query.by_page else "byProperty"}
        if page:
            body["rows"] = [_row(query, key, sums) for key, sums in page]
        if metadata := self._metadata(query, now):
            body["metadata"] = metadata
        return body

    def _known(self, query: Query, now: datetime) -> Iterator[list[Sighting]]:
        """Day by day, the sightings the data state lets through. Only web search ever shows these sites."""
        if query.search_type != "WEB" or "SEARCH_APPEARANCE" in query.dimensions:
            return
        passes = _filter(query)
        oldest_hourly = now.astimezone(PACIFIC).date() - timedelta(days=_HOURLY_DAYS)
        for day in sorted(self.by_day):
            if not query.start <= day <= query.end:
                continue
            if self.is_final(day, now):
                known = list(self.by_day[day])
            elif query.data_state == "FINAL":
                continue
            else:
                elapsed = (now - midnight(day)) / timedelta(hours=1)
                known = [sighting for sighting in self.by_day[day] if sighting.known_after_hours <= elapsed]
            if query.data_state != "HOURLY_ALL" or day >= oldest_hourly:
                yield [sighting for sighting in known if passes(sighting)]

    def _metadata(self, query: Query, now: datetime) -> dict[str, str]:
        today = now.astimezone(PACIFIC).date()
        earliest = max(query.start, today - self.final_after - timedelta(days=1))
        days = (earliest + timedelta(days=nth) for nth in range((min(query.end, today) - earliest).days + 1))
        first = next((day for day in days if not self.is_final(day, now)), None)
        if first is None:
            return {}
        if query.data_state == "ALL" and "DATE" in query.dimensions:
            return {"first_incomplete_date": first.isoformat()}
        if query.data_state == "HOURLY_ALL":
            return {"first_incomplete_hour": _hour(first, 0)}
        return {}


def midnight(day: date) -> datetime:
    """The UTC instant at which the Pacific ``day`` begins."""
    return datetime.combine(day, time(0), PACIFIC).astimezone(UTC)


def _hour(day: date, hour: int) -> str:
    return datetime.combine(day, time(hour), PACIFIC).isoformat()


_VALUE: dict[str, Callable[[Sighting], str]] = {
    "DATE": lambda s: s.day.isoformat(),
    "HOUR": lambda s: _hour(s.day, s.hour),
    "QUERY": lambda s: s.query,
    "PAGE": lambda s: s.page,
    "COUNTRY": lambda s: s.country,
    "DEVICE": lambda s: s.device,
    "SEARCH_APPEARANCE": lambda _: "",
}


def _filter(query: Query) -> Callable[[Sighting], bool]:
    """Whether a sighting counts; one of an anonymised query does not where queries are told apart or filtered."""
    names_query = "QUERY" in query.dimensions or any(condition.dimension == "QUERY" for condition in query.filters)
    conditions = [(_VALUE[condition.dimension], condition.matches) for condition in query.filters]
    return lambda sighting: (
        not (sighting.anonymised and names_query) and all(matches(value(sighting)) for value, matches in conditions)
    )


def _grouped(query: Query, known: Iterable[Sighting]) -> dict[Key, _Sum]:
    groups: defaultdict[Key, _Sum] = defaultdict(_Sum)
    values = [_VALUE[dimension] for dimension in query.dimensions]
    for sighting in known:
        counted = sighting.impressions - (0 if query.by_page else sighting.shared)
        if counted:
            key = tuple(value(sighting) for value in values)
            groups[key].add(
                _Sum(clicks=sighting.clicks, impressions=counted, tenths=counted * sighting.position_tenths)
            )
    return groups


def _capped(groups: Mapping[Key, _Sum], most: int) -> Iterable[tuple[Key, _Sum]]:
    """The rows of one day that are told: those with most clicks, and no word of the others."""
    if len(groups) <= most:
        return groups.items()
    return sorted(groups.items(), key=lambda item: (-item[1].clicks, _tie(item[0])))[:most]


def _tie(key: Key) -> int:
    """An order among equals that nobody could guess, and that stays."""
    return crc32(repr(key).encode())


def _order(query: Query, key: Key, sums: _Sum) -> tuple[Any, ...]:
    """By time where it is a dimension, then most clicks first; ties in an arbitrary but stable order."""
    when = tuple(value for name, value in zip(query.dimensions, key, strict=True) if name in {"DATE", "HOUR"})
    return (*when, -sums.clicks, _tie(key))


def _row(query: Query, key: Key, sums: _Sum) -> dict[str, Any]:
    row: dict[str, Any] = {"keys": list(key)} if query.dimensions else {}
    return row | {
        "clicks": float(sums.clicks),
        "impressions": float(sums.impressions),
        "ctr": sums.clicks / sums.impressions,
        "position": sums.tenths / sums.impressions / 10,
    }
