"""The marts of one planted lake, each figure written by hand: what is asked of a deliverable, and at every edge."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pytest

from delivery_ops.warehouse.dbt import build
from delivery_ops_tests.warehouse.conftest import MakeWarehouse
from delivery_ops_tests.warehouse.planted_lake import AS_OF, EVER, INSIDE, LEFT, OTHERS, PROPERTY, ROWS, WON


@pytest.fixture(scope="module")
def planted(
    tmp_path_factory: pytest.TempPathFactory, make_warehouse: MakeWarehouse
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The built warehouse, opened to read."""
    warehouse = make_warehouse(
        tmp_path_factory.mktemp("planted"),
        ROWS,
        as_of=AS_OF.isoformat(),
        search_clients={PROPERTY: "acme", OTHERS: "o'hara", INSIDE: "acme"},
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


def test_the_worst_verdict_that_stands_on_any_live_page_is_the_gate_state(planted: duckdb.DuckDBPyConnection) -> None:
    states = dict(rows_of(planted, "deliverable_performance", "deliverable_id, gate_state"))
    assert {name: states[name] for name in ("credited", "met late", "after", "two pages", "before", "ended")} == {
        "credited": "monitor",
        "met late": "error",
        "after": "fail",
        "two pages": "fail",
        "before": "not_judged",
        "ended": "not_judged",
    }
    standing = {number for (number,) in rows_of(planted, "fct_gate_results", "position", "is_standing")}
    assert standing == {2, 3, 5, 6, 7, 8, 9, 10}


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
        "position('seen' in page_key) = 0 and is_counted",
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
        ("two currencies", date(2026, 3, 26), None, 3),
    ]


def test_what_two_properties_have_alike_counts_once_and_stands_in_both(planted: duckdb.DuckDBPyConnection) -> None:
    inside = rows_of(planted, "fct_search_performance", "page_key, impressions, is_counted", f"property = '{INSIDE}'")
    assert inside == [("credited", 7, False), ("seen", 6, False), ("two currencies", 3, True)]
    days = rows_of(planted, "search_daily", "page_rows, page_impressions", f"property = '{INSIDE}'")
    assert days == [(3, 16)]


def test_rows_of_a_property_that_left_the_configuration_count_nowhere(planted: duckdb.DuckDBPyConnection) -> None:
    for mart in ("fct_search_performance", "search_daily"):
        assert rows_of(planted, mart, "property", f"property = '{LEFT}'") == []


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
    assert live == [("after",), ("credited",), ("met late",), ("two pages",)]


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
