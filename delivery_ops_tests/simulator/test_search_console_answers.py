"""The cap that no demo data reaches: of each day only the most clicked rows are told, silently. Here it is small."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from delivery_ops.simulator.records import Sighting
from delivery_ops.simulator.search_console_answers import ROWS_A_DAY, Property
from delivery_ops.simulator.search_console_query import parse

LONG_AFTER = datetime(2026, 4, 30, tzinfo=UTC)
CAP = 1_000
FIRST, SECOND = date(2026, 3, 2), date(2026, 3, 3)


def _seen(day: date, number: int) -> Sighting:
    return Sighting(
        search_property="sc-domain:large.example",
        day=day,
        hour=10,
        query=f"query {number}",
        anonymised=False,
        page=f"http://large.example/{number}",
        deliverable_id=None,
        country="deu",
        device="MOBILE",
        impressions=10,
        shared=0,
        clicks=number % 7,
        position_tenths=50,
        known_after_hours=20,
    )


@pytest.fixture(scope="module")
def large() -> Property:
    """One property, one day with 70 pages more than are ever told, and one ordinary day."""
    by_day = {
        FIRST: [_seen(FIRST, number) for number in range(CAP + 70)],
        SECOND: [_seen(SECOND, number) for number in range(10)],
    }
    return Property(name="sc-domain:large.example", final_after=timedelta(hours=48), by_day=by_day, rows_a_day=CAP)


def _pages(large: Property, **body: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    dates = {"startDate": FIRST.isoformat(), "endDate": FIRST.isoformat()}
    while True:
        query = parse({**dates, **body, "rowLimit": 300, "startRow": len(rows)})
        page = large.answer(query, LONG_AFTER).get("rows", [])
        if not page:
            return rows
        rows += page


def test_a_day_never_tells_more_than_its_cap_and_drops_the_least_clicked(large: Property) -> None:
    rows = _pages(large, dimensions=["page"])
    assert len(rows) == CAP
    total = large.answer(parse({"startDate": "2026-03-02", "endDate": "2026-03-02"}), LONG_AFTER)["rows"][0]
    assert total["impressions"] == 10 * (CAP + 70)
    assert sum(row["clicks"] for row in rows) == total["clicks"]  # the 70 dropped ones have none


def test_the_cap_holds_for_each_day_on_its_own(large: Property) -> None:
    rows = _pages(large, dimensions=["date", "page"], endDate=SECOND.isoformat())
    assert len(rows) == CAP + 10
    assert rows[-1]["keys"][0] == SECOND.isoformat()


def test_the_service_tells_fifty_thousand_rows_a_day() -> None:
    assert ROWS_A_DAY == 50_000
    assert Property(name="", final_after=timedelta(), by_day={}).rows_a_day == ROWS_A_DAY
