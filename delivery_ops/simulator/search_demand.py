"""What was seen in search: sightings of every page, by query, country, device and Pacific hour.

Belongs here: demand for each page from the day Google knows it, the zero day, the pages nobody owns, the second
spellings. Does not belong here: what Search Console tells of it, and when (``search_console_answers``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from zoneinfo import ZoneInfo

from delivery_ops.simulator import planted
from delivery_ops.simulator.catalogue import CLIENTS, QUERY_WORDS
from delivery_ops.simulator.dice import dice, poisson
from delivery_ops.simulator.records import Client, Deliverable, Sighting

PACIFIC = ZoneInfo("America/Los_Angeles")
FIRST_DAY, LAST_DAY = date(2026, 3, 2), date(2026, 3, 31)

_BY_WEEKDAY = (1.1, 1.15, 1.1, 1.05, 0.95, 0.75, 0.8)
# Names, and out of a hundred how many fall on each or one before it.
_COUNTRIES = (("deu", "aut", "gbr", "usa"), (60, 75, 90, 100))
_DEVICES = (("MOBILE", "DESKTOP", "TABLET"), (60, 96, 100))
_ANONYMISED_SHARE = 0.15
_SKIPPED_HOUR = (date(2026, 3, 8), 2)  # Pacific clocks jump from two to three


@dataclass(frozen=True, kw_only=True, slots=True)
class _Demand:
    """A page as search shows it: since when, how often a day, for which queries and their share of it.

    ``brand``: the query for which better placed pages of the same property are shown, too.
    """

    page: str
    deliverable_id: str | None
    since: date
    queries: tuple[tuple[str, float], ...]
    brand: str
    per_day: float
    tenths: int


def sightings(seed: int, made: Sequence[Deliverable]) -> tuple[Sighting, ...]:
    """Every sighting of ``FIRST_DAY`` to ``LAST_DAY``, property by property and page by page."""
    found: list[Sighting] = []
    for client in CLIENTS:
        theirs = [d for d in made if d.client_id == client.client_id]
        stream = dice(seed, "sightings", client.client_id)
        for demand in _demands(seed, client, theirs):
            found += _of_page(stream, client, demand)
        found += _barely_seen(client, theirs)
    return tuple(found)


def _demands(seed: int, client: Client, theirs: Sequence[Deliverable]) -> Iterator[_Demand]:
    stream = dice(seed, "demand", client.client_id)
    brand = client.name.lower()

    def demand(page: str, deliverable_id: str | None, since: date, topic: str, per_day: float, tenths: int) -> _Demand:
        words = stream.sample(QUERY_WORDS, 3)
        queries = ((topic, 0.45), *zip((f"{topic} {word}" for word in words), (0.2, 0.12, 0.08), strict=True))
        return _Demand(
            page=page, deliverable_id=deliverable_id, since=since, queries=queries, brand=brand,
            per_day=per_day, tenths=tenths,
        )  # fmt: skip

    for page in planted.UNOWNED_PAGES[client.client_id]:
        yield demand(page, None, FIRST_DAY, f"{brand} shop", 12.0, 14)
    for made in theirs:
        per_day, tenths, lag = stream.lognormvariate(2.2, 0.7), stream.randint(21, 260), stream.randint(1, 4)
        if not made.published_at or not made.url:
            continue
        if made.deliverable_id in (*planted.NOT_IN_SEARCH, planted.BARELY_SEEN):
            continue
        since = made.published_at.astimezone(PACIFIC).date() + timedelta(days=lag)
        page = made.url.lower() if made.deliverable_id == planted.SHOWN_WITH_LOWER_HEX else made.url
        yield demand(page, made.deliverable_id, since, made.title.lower(), max(per_day, 8.0), tenths)
        if tags := planted.SHOWN_WITH_TAGS.get(made.deliverable_id):
            yield demand(page + tags, made.deliverable_id, since, made.title.lower(), 2.0, tenths)


def _of_page(stream: Random, client: Client, demand: _Demand) -> Iterator[Sighting]:
    zero_client, zero_day = planted.ZERO_DAY
    for ordinal in range(max(demand.since, FIRST_DAY).toordinal(), LAST_DAY.toordinal() + 1):
        day = date.fromordinal(ordinal)
        if client.client_id == zero_client and day == zero_day:
            continue
        expected = demand.per_day * _BY_WEEKDAY[day.weekday()]
        for query, share in demand.queries:
            count = poisson(stream, expected * share)
            for part in (count - count // 3, count // 3):
                if part:
                    yield _sighting(stream, client, demand, day, query, part)
        if count := poisson(stream, expected * _ANONYMISED_SHARE):
            yield _sighting(stream, client, demand, day, "(rare)", count, anonymised=True)
        if demand.deliverable_id and (count := poisson(stream, 0.8)):
            yield _sighting(stream, client, demand, day, demand.brand, count, shared=count - (stream.random() < 0.2))


def _sighting(
    stream: Random,
    client: Client,
    demand: _Demand,
    day: date,
    query: str,
    impressions: int,
    *,
    anonymised: bool = False,
    shared: int = 0,
) -> Sighting:
    hour = stream.randrange(24)
    if (day, hour) == _SKIPPED_HOUR:
        hour += 1
    tenths = max(10, demand.tenths + stream.randint(-8, 8)) + (30 if shared else 0)
    rate = min(0.35, 2.5 / tenths)
    # Most is known within a day, the last of it just before the day is final.
    latest = 24 + client.final_after_hours
    return Sighting(
        search_property=client.search_property,
        day=day,
        hour=hour,
        query=query,
        anonymised=anonymised,
        page=demand.page,
        deliverable_id=demand.deliverable_id,
        country=stream.choices(_COUNTRIES[0], cum_weights=_COUNTRIES[1])[0],
        device=stream.choices(_DEVICES[0], cum_weights=_DEVICES[1])[0],
        impressions=impressions,
        shared=shared,
        clicks=sum(stream.random() < rate for _ in range(impressions - shared)),
        position_tenths=tenths,
        known_after_hours=hour + 3 + int(stream.random() ** 2 * (latest - hour - 3)),
    )


def _barely_seen(client: Client, theirs: Sequence[Deliverable]) -> Iterator[Sighting]:
    for deliverable in theirs:
        if deliverable.deliverable_id == planted.BARELY_SEEN and deliverable.url:
            for nth in range(9):
                yield Sighting(
                    search_property=client.search_property,
                    day=planted.SEEN_NINE_TIMES_FROM + timedelta(days=nth),
                    hour=10,
                    query=deliverable.title.lower(),
                    anonymised=False,
                    page=deliverable.url,
                    deliverable_id=deliverable.deliverable_id,
                    country="deu",
                    device="DESKTOP",
                    impressions=1,
                    shared=0,
                    clicks=0,
                    position_tenths=410,
                    known_after_hours=20,
                )
