"""The marts of one planted lake, each figure written by hand: what is asked of a deliverable, and at every edge."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pytest

from delivery_ops.lake import datasets
from delivery_ops.warehouse.dbt import build
from delivery_ops_tests.warehouse.conftest import MakeWarehouse

AS_OF = datetime(2026, 3, 30, 12, tzinfo=UTC)
EVER = datetime(1970, 1, 1, tzinfo=UTC)
WON = datetime(2026, 3, 20, tzinfo=UTC)
MATURED = AS_OF - timedelta(days=33)  # 30 days of window and 3 of search lag: 25 February, 12:00 UTC, 04:00 Pacific
PROPERTY = "sc-domain:acme.example"
OTHERS = "https://o'hara.example/"


def deliverable(deliverable_id: str, **changes: Any) -> dict[str, Any]:
    usual = {
        "client_id": "acme",
        "deliverable_type": "landing_page",
        "tier": "gold",
        "url": f"https://acme.example/{deliverable_id}",
        "stage": None,
        "published_at": datetime(2026, 3, 25, tzinfo=UTC),
        "illegal_moves": 0,
        "held": False,
    }
    return {"deliverable_id": deliverable_id, **usual, **changes}


def owns(deliverable_id: str, page_key: str | None = None, **validity: datetime) -> dict[str, Any]:
    return {"deliverable_id": deliverable_id, "page_key": page_key or deliverable_id, "valid_from": EVER, **validity}


def found(page_key: str, day: date, impressions: int, property_: str = PROPERTY, **changes: Any) -> dict[str, Any]:
    row = {"page": f"https://acme.example/{page_key}", "page_key": page_key, "clicks": 1, "position": 2.0}
    return {"property": property_, "date": day, "impressions": impressions, **row, **changes}


def judged(number: int, deliverable_id: str, gate: str, verdict: str, **changes: Any) -> dict[str, Any]:
    return {
        "event_id": f"gate-{number}",
        "position": number,
        "deliverable_id": deliverable_id,
        "gate": gate,
        "outcome": "fail" if verdict == "monitor" else verdict,
        "verdict": verdict,
        "evaluated_at": WON + timedelta(hours=number),
        "findings": "[]",
        "synthetic": False,
        **changes,
    }


def touched(touch_id: str, deliverable_id: str | None, contact_id: str, **changes: Any) -> dict[str, Any]:
    row = {"source": "crm", "touch_id": touch_id, "deliverable_id": deliverable_id, "contact_id": contact_id}
    return {**row, "touched_at": WON - timedelta(days=1), **changes}


def event(number: int, deliverable_id: str, *, synthetic: bool) -> dict[str, Any]:
    return {
        "position": number,
        "event_id": f"event-{number}",
        "event_type": "deliverable.registered",
        "schema_version": 1,
        "deliverable_id": deliverable_id,
        "synthetic": synthetic,
        "payload": "{}",
        "occurred_at": EVER,
        "recorded_at": EVER,
    }


def page(
    number: int, deliverable_id: str, what: str, path: str, *, hours: int | None = None, synthetic: bool = False
) -> dict[str, Any]:
    said = {"event_type": f"page.{what}", "payload": json.dumps({"url": f"https://acme.example{path}"})}
    at = EVER + timedelta(hours=number if hours is None else hours)
    return event(number, deliverable_id, synthetic=synthetic) | said | {"occurred_at": at}


def moved(
    number: int, deliverable_id: str, from_stage: str | None, to_stage: str, at: datetime, **changes: bool
) -> dict[str, Any]:
    return {
        "deliverable_id": deliverable_id,
        "from_stage": from_stage,
        "to_stage": to_stage,
        "moved_at": at,
        "event_id": f"event-{number}",
        "position": number,
        "illegal": False,
        "applied": True,
        **changes,
    }


ROWS: dict[datasets.Dataset, list[dict[str, Any]]] = {
    datasets.DELIVERABLES: [
        deliverable("credited", held=True, stage="qa", stage_since=WON, illegal_moves=1),
        deliverable("two currencies"),
        deliverable("before", published_at=None),
        deliverable("after", published_at=None),
        deliverable("ended", published_at=None),
        deliverable("seen", published_at=MATURED),
        deliverable("seen too little", published_at=MATURED),
        deliverable("seen too young", published_at=MATURED + timedelta(microseconds=1)),
        deliverable("met late", published_at=MATURED),
        deliverable("smoke"),
        deliverable("smoke and real"),
    ],
    datasets.EVENTS: [
        event(1, "credited", synthetic=False),
        event(2, "smoke", synthetic=True),
        event(3, "smoke and real", synthetic=True),
        event(4, "smoke and real", synthetic=False),
        page(5, "credited", "published", "/a"),
        page(6, "credited", "published", "/b"),
        page(7, "credited", "unpublished", "/a"),
        page(8, "seen", "published", "/seen"),
        page(9, "seen", "unpublished", "/seen"),
        page(10, "after", "updated", "/moved", hours=12),
        page(11, "after", "unpublished", "/moved", hours=2),  # told late: it was published again since
        page(12, "met late", "published", "/met-late"),
        page(13, "met late", "unpublished", "/met-late", synthetic=True),
        page(14, "seen", "published", "/seen?utm_source=mail", hours=8),  # another spelling of what was withdrawn
    ],
    datasets.STAGE_MOVES: [
        moved(5, "credited", None, "publish", EVER + timedelta(hours=5)),
        moved(6, "credited", "publish", "report", EVER + timedelta(hours=6), illegal=True, applied=False),
        moved(7, "credited", "publish", "qa", WON),
    ],
    datasets.DELIVERABLE_URLS: [
        owns("credited", published_at=EVER + timedelta(hours=6)),
        # The page changes hands on 10 March at 13:00 Pacific time, and ends with the Pacific day of 12 March.
        owns("before", "moved", valid_to=datetime(2026, 3, 10, 20, tzinfo=UTC)),
        owns("after", "moved", valid_from=datetime(2026, 3, 10, 20, tzinfo=UTC), published_at=WON),
        owns("ended", valid_to=datetime(2026, 3, 13, 7, tzinfo=UTC), published_at=EVER),
        owns("met late", published_at=EVER + timedelta(hours=12)),
        *(owns(each) for each in ("seen", "seen too little", "seen too young")),  # registered at it, not published
    ],
    datasets.SEARCH_PAGES: [
        found("credited", date(2026, 3, 26), 7, clicks=3),
        found("credited", date(2026, 3, 26), 2, page="https://acme.example/credited?utm_source=x"),
        found("moved", date(2026, 3, 9), 1),
        found("moved", date(2026, 3, 10), 2),
        found("moved", date(2026, 3, 11), 4),
        found("ended", date(2026, 3, 12), 8),
        found("ended", date(2026, 3, 13), 16),
        found("nobody's", date(2026, 3, 26), 32, OTHERS),
        # The window of 25 February, 04:00 Pacific time, is the Pacific days 25 February to 26 March.
        found("seen", date(2026, 2, 24), 1000),
        found("seen", date(2026, 2, 25), 4),
        found("seen", date(2026, 3, 26), 6),
        found("seen", date(2026, 3, 27), 1000),
        found("seen too little", date(2026, 2, 25), 9),
        found("seen too young", date(2026, 2, 26), 1000),
        found("met late", date(2026, 3, 1), 50),
    ],
    datasets.SEARCH_TOTALS: [
        {"property": PROPERTY, "date": date(2026, 3, 26), "clicks": 9, "impressions": 99, "position": 3.5},
        {"property": PROPERTY, "date": date(2026, 3, 14), "clicks": 0, "impressions": 0, "position": None},
    ],
    datasets.GATE_RESULTS: [
        judged(1, "credited", "schemaCheck", "fail"),
        judged(2, "credited", "schemaCheck", "pass"),
        judged(3, "credited", "seoTagsPresent", "monitor"),
        judged(4, "credited", "seoTagsPresent", "fail", synthetic=True),
        judged(5, "seen", "schemaCheck", "error"),
        judged(6, "seen", "seoTagsPresent", "pass"),
        judged(7, "after", "schemaCheck", "error"),
        judged(8, "after", "seoTagsPresent", "fail"),
        judged(9, "before", "schemaCheck", "pass"),
    ],
    datasets.TOUCHES: [
        touched("1", "credited", "ann", touch_type="mql"),
        touched("2", "credited", "ann", touch_type="mql", touched_at=WON),
        touched("3", "credited", "bob", touch_type="mql", touched_at=EVER),
        touched("4", "credited", "cat", touch_type="form"),
        touched("5", "two currencies", "dan"),
        touched("6", None, "eve"),
        touched("7", "nobody registered it", "eve"),
        touched("8", "met late", "fay", touched_at=MATURED + timedelta(days=30)),
    ],
    datasets.DEALS: [
        {"source": "crm", "deal_key": "a", "contact_id": "ann", "closed_at": WON, "currency": "EUR"},
        {"source": "crm", "deal_key": "a back", "contact_id": "?", "closed_at": AS_OF, "refund_of": "a"},
        {"source": "crm", "deal_key": "c", "contact_id": "cat", "closed_at": WON},
        {"source": "crm", "deal_key": "d", "contact_id": "dan", "closed_at": WON},
        {"source": "crm", "deal_key": "e", "contact_id": "eve", "closed_at": WON},
        {"source": "crm", "deal_key": "b", "contact_id": "bob", "closed_at": WON},
        {"source": "crm", "deal_key": "x", "contact_id": "xavier", "closed_at": WON},
    ],
    datasets.REVENUE: [
        {"source": "bank", "revenue_id": "1", "deal_key": "a", "amount_minor": 1001, "currency": "EUR"},
        {"source": "bank", "revenue_id": "2", "deal_key": "a back", "amount_minor": -101, "currency": "EUR"},
        {"source": "bank", "revenue_id": "3", "deal_key": "d", "amount_minor": 500, "currency": "EUR"},
        {"source": "bank", "revenue_id": "4", "deal_key": "d", "amount_minor": 700, "currency": "USD"},
        {"source": "bank", "revenue_id": "5", "deal_key": "e", "amount_minor": 31, "currency": "EUR"},
        {"source": "bank", "revenue_id": "6", "deal_key": "b", "amount_minor": 40, "currency": "EUR"},
        {"source": "bank", "revenue_id": "7", "deal_key": "x", "amount_minor": 50, "currency": "EUR"},
        {"source": "bank", "revenue_id": "8", "deal_key": None, "amount_minor": -60, "currency": "EUR"},
    ],
    datasets.COSTS: [
        {"source": "hours", "cost_id": "1", "deliverable_id": "credited", "worked_minutes": 90},
        {"source": "hours", "cost_id": "2", "deliverable_id": "credited", "amount_minor": 250, "currency": "EUR"},
        {"source": "agency", "cost_id": "1", "deliverable_id": "credited", "amount_minor": 50, "currency": "EUR"},
        {"source": "agency", "cost_id": "2", "deliverable_id": "seen", "amount_minor": 1, "currency": "EUR"},
        {"source": "agency", "cost_id": "3", "deliverable_id": "seen", "amount_minor": 1, "currency": "USD"},
    ],
}


@pytest.fixture(scope="module")
def planted(
    tmp_path_factory: pytest.TempPathFactory, make_warehouse: MakeWarehouse
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The built warehouse, opened to read."""
    warehouse = make_warehouse(
        tmp_path_factory.mktemp("planted"),
        ROWS,
        as_of=AS_OF.isoformat(),
        search_clients={PROPERTY: "acme", OTHERS: "o'hara"},
    )
    build(warehouse)
    with duckdb.connect(str(warehouse.file), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def rows_of(planted: duckdb.DuckDBPyConnection, mart: str, columns: str, where: str = "true") -> list[tuple[Any, ...]]:
    return planted.table(f"marts.{mart}").filter(where).select(columns).order(columns).fetchall()


def test_a_deliverable_has_one_row_with_all_that_was_asked(planted: duckdb.DuckDBPyConnection) -> None:
    performance = planted.table("marts.deliverable_performance")
    [row] = performance.filter("deliverable_id = 'credited'").to_arrow_table().to_pylist()
    assert row == {
        "deliverable_id": "credited",
        "client_id": "acme",
        "tier": "gold",
        "deliverable_type": "landing_page",
        "url": "https://acme.example/credited",
        "stage": "qa",
        "published_at": datetime(2026, 3, 25, tzinfo=UTC),
        "gate_state": "monitor",
        "is_held": True,
        "impressions": 9,
        "clicks": 4,
        "touches": 4,
        "mqls": 2,  # ann's two count once, bob's counts although it is in no window
        "deals": 2,  # a and c; the refund of a is none, and bob's touch is in no window
        "worked_minutes": 90,
        "cost_minor": 300,
        "cost_currency": "EUR",
        "cost_currencies": 1,
        "credit_first_minor": 900,
        "credit_last_minor": 900,
        "credit_linear_minor": 900,  # 501 + 500 of a, less 51 + 50 of its refund; c has no amount
        "credit_currency": "EUR",
        "credit_currencies": 1,
    }


def test_a_deal_in_two_currencies_is_two_conversions(planted: duckdb.DuckDBPyConnection) -> None:
    assert rows_of(planted, "deliverable_performance", "deals", "deliverable_id = 'two currencies'") == [(2,)]


def test_the_worst_latest_verdict_is_the_gate_state(planted: duckdb.DuckDBPyConnection) -> None:
    states = dict(rows_of(planted, "deliverable_performance", "deliverable_id, gate_state"))
    assert {name: states[name] for name in ("credited", "seen", "after", "before", "ended")} == {
        "credited": "monitor",
        "seen": "error",
        "after": "fail",
        "before": "pass",
        "ended": "not_judged",
    }
    latest = rows_of(planted, "fct_gate_results", "event_id", "is_latest")
    assert latest == [("gate-2",), ("gate-3",), ("gate-5",), ("gate-6",), ("gate-7",), ("gate-8",), ("gate-9",)]


def test_money_of_several_currencies_is_never_added_up(planted: duckdb.DuckDBPyConnection) -> None:
    credit = "credit_first_minor, credit_last_minor, credit_linear_minor, credit_currency, credit_currencies"
    cost = "cost_minor, cost_currency, cost_currencies"
    assert rows_of(planted, "deliverable_performance", credit, "deliverable_id = 'two currencies'") == [
        (None, None, None, None, 2)
    ]
    assert rows_of(
        planted, "deliverable_credit", "model, currency, credit_minor", "deliverable_id = 'two currencies'"
    ) == [
        (model, currency, amount)
        for model in ("first", "last", "linear")
        for currency, amount in (("EUR", 500), ("USD", 700))
    ]
    assert rows_of(planted, "deliverable_performance", cost, "deliverable_id = 'seen'") == [(None, None, 2)]
    assert rows_of(planted, "deliverable_performance", f"{credit}, {cost}", "deliverable_id = 'before'") == [
        (0, 0, 0, None, 0, 0, None, 0)
    ]


def test_a_page_belongs_to_who_had_it_on_that_pacific_day_and_unmatched_rows_stay(
    planted: duckdb.DuckDBPyConnection,
) -> None:
    found_rows = rows_of(
        planted,
        "fct_search_performance",
        "page_key, search_date, deliverable_id, impressions",
        "position('seen' in page_key) = 0",
    )
    assert found_rows == [
        ("credited", date(2026, 3, 26), "credited", 2),
        ("credited", date(2026, 3, 26), "credited", 7),
        ("ended", date(2026, 3, 12), "ended", 8),
        ("ended", date(2026, 3, 13), None, 16),
        ("met late", date(2026, 3, 1), "met late", 50),
        ("moved", date(2026, 3, 9), "before", 1),
        ("moved", date(2026, 3, 10), "after", 2),
        ("moved", date(2026, 3, 11), "after", 4),
        ("nobody's", date(2026, 3, 26), None, 32),
    ]


def test_a_day_of_a_property_has_its_total_and_what_of_it_is_matched(planted: duckdb.DuckDBPyConnection) -> None:
    columns = (
        "property, search_date, client_id, impressions, page_rows, matched_rows, unmatched_rows, page_impressions, "
        "matched_impressions"
    )
    days = {row[:2]: row[2:] for row in rows_of(planted, "search_daily", columns)}
    assert days[PROPERTY, date(2026, 3, 26)] == ("acme", 99, 3, 3, 0, 15, 15)
    assert days[PROPERTY, date(2026, 3, 14)] == ("acme", 0, 0, 0, 0, 0, 0)  # a zero day is a day
    assert days[PROPERTY, date(2026, 3, 13)] == ("acme", None, 1, 0, 1, 16, 0)  # no total was exported
    assert days[OTHERS, date(2026, 3, 26)] == ("o'hara", None, 1, 0, 1, 32, 0)


def test_a_mismatch_is_seen_enough_for_long_enough_and_never_met(planted: duckdb.DuckDBPyConnection) -> None:
    columns = "deliverable_id, impressions, touches_in_window, touches, is_mismatch"
    assert rows_of(planted, "attribution_mismatch", columns) == [
        ("met late", 50, 0, 1, False),
        ("seen", 10, 0, 0, True),
    ]


def test_what_only_smoke_tests_know_is_in_no_mart(planted: duckdb.DuckDBPyConnection) -> None:
    named = {name for (name,) in rows_of(planted, "dim_deliverables", "deliverable_id")}
    assert "smoke" not in named
    assert "smoke and real" in named
    assert ("event-2",) not in rows_of(planted, "fct_events", "event_id")
    assert ("event-4",) in rows_of(planted, "fct_events", "event_id")
    assert rows_of(planted, "fct_gate_results", "event_id", "event_id = 'gate-4'") == []
    assert rows_of(planted, "deliverable_performance", "deliverable_id") == [(name,) for name in sorted(named)]


def test_a_stage_lasts_until_the_next_move_that_was_made_and_the_present_one_until_now(
    planted: duckdb.DuckDBPyConnection,
) -> None:
    until_won = int((WON - EVER - timedelta(hours=5)).total_seconds())
    columns = "event_id, to_stage, is_applied, is_illegal, left_at, seconds_in_stage"
    assert rows_of(planted, "fct_stage_moves", columns) == [
        ("event-5", "publish", True, False, WON, until_won),
        ("event-6", "report", False, True, None, None),
        ("event-7", "qa", True, False, None, None),
    ]
    so_far = rows_of(planted, "dim_deliverables", "deliverable_id, stage, seconds_in_stage", "stage is not null")
    assert so_far == [("credited", "qa", int((AS_OF - WON).total_seconds()))]


def test_a_deliverable_is_live_while_a_page_of_it_is(planted: duckdb.DuckDBPyConnection) -> None:
    live = rows_of(planted, "dim_deliverables", "deliverable_id", "is_live")
    assert live == [("after",), ("credited",), ("met late",)]


def test_all_revenue_went_somewhere_and_it_is_said_where(planted: duckdb.DuckDBPyConnection) -> None:
    columns = "model, currency, went_to, is_unattributed, credit_minor, volume_minor, conversions"
    assert [row[1:] for row in rows_of(planted, "credit_split", columns, "model = 'linear'")] == [
        ("EUR", "deliverable", False, 1400, 1602, 3),  # 1001 - 101 + 500
        ("EUR", "no_deliverable", False, 31, 31, 1),  # one half names none, the other one that nobody registered
        ("EUR", "no_identity", True, -60, 60, 1),
        ("EUR", "no_touch", True, 50, 50, 1),
        ("EUR", "no_touch_in_window", True, 40, 40, 1),
        ("USD", "deliverable", False, 700, 700, 1),
        ("XXX", "deliverable", False, 0, 0, 1),
    ]
    [(share,)] = rows_of(
        planted, "credit_split", "volume_share", "model = 'first' and currency = 'EUR' and went_to = 'no_identity'"
    )
    assert share == pytest.approx(60 / (1602 + 31 + 60 + 50 + 40))
    assert rows_of(planted, "credit_split", "volume_share", "currency = 'XXX'")[0] == (None,)
