"""Loading, on a real PostgreSQL: views that have exactly the columns the marts' contracts promise, read as reader."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import chain
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from psycopg.types.json import Json
from sqlalchemy import Engine

from delivery_ops.database.database import Database
from delivery_ops.database.roles import Role
from delivery_ops.errors import Permanent
from delivery_ops.reports import page
from delivery_ops.reports.data import Balance, ReportData, RunFacts
from delivery_ops.reports.loading import load
from delivery_ops.reports.marts import (
    CreditSplit,
    DeliverableCounts,
    Finding,
    GateTally,
    Publication,
    Revenue,
    SearchDay,
)
from delivery_ops.settings import REPOSITORY
from delivery_ops.warehouse.publish import RUN

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
Insert = Callable[..., None]


def contracts() -> dict[str, dict[str, str]]:
    """Every mart with its columns and their types, as the dbt project enforces them."""
    files = (REPOSITORY / "dbt_project" / "models" / "marts").rglob("*.yml")
    models = chain.from_iterable(yaml.safe_load(file.read_text(encoding="utf-8"))["models"] for file in files)
    found = {model["name"]: {each["name"]: each["data_type"] for each in model["columns"]} for model in models}
    types = {"version": "bigint", "run_id": "text", "as_of": "timestamptz", "published_at": "timestamptz"}
    return found | {RUN.name: {column: types[column] for column in RUN.columns}}


@pytest.fixture
def insert(database: Database) -> Insert:
    """Puts rows into a mart. All of a mart's columns exist; those that a row leaves out are null."""
    publisher = database.engine(Role.publisher)
    marts = {}
    kinds = {"varchar": "text", "double": "double precision"}
    with publisher.begin() as connection:
        for mart, columns in contracts().items():
            declared = ", ".join(f'"{name}" {kinds.get(kind, kind)}' for name, kind in columns.items())
            connection.execute(sa.text(f"CREATE TABLE analytics_data.{mart} ({declared})"))
            connection.execute(sa.text(f"CREATE VIEW analytics.{mart} AS TABLE analytics_data.{mart}"))
            marts[mart] = sa.table(mart, *(sa.column(name) for name in columns), schema="analytics_data")

    def rows(mart: str, *values: dict[str, Any]) -> None:
        with publisher.begin() as connection:
            for value in values:
                connection.execute(sa.insert(marts[mart]).values(value))

    return rows


@pytest.fixture
def reader(database: Database) -> Engine:
    return database.engine(Role.reader)


@pytest.fixture
def run(empty: ReportData) -> RunFacts:
    return empty.run


def test_empty_marts_are_an_empty_report(insert: Insert, reader: Engine, run: RunFacts) -> None:
    assert load(reader, run) == ReportData(run=run)


def test_marts_that_were_never_published_are_named_with_what_to_do(reader: Engine, run: RunFacts) -> None:
    with pytest.raises(
        Permanent, match=r"(?s)reading the published marts: schema analytics: .*delivery-ops run --config mine$"
    ):
        load(reader, run)


def test_it_says_which_run_published_the_marts(insert: Insert, reader: Engine, run: RunFacts) -> None:
    insert("run", {"version": 7, "run_id": "r7", "as_of": AT, "published_at": AT})
    assert load(reader, run).publication == Publication(run_id="r7", published_at=AT)


def test_deliverables_are_counted_and_a_withdrawn_page_is_not_live(
    insert: Insert, reader: Engine, run: RunFacts
) -> None:
    insert(
        "dim_deliverables",
        {"deliverable_id": "a", "published_at": AT, "is_live": True, "is_held": True},
        {"deliverable_id": "b", "published_at": AT, "is_live": False, "is_held": False},
        {"deliverable_id": "c", "published_at": None, "is_live": False, "is_held": False},
    )
    assert load(reader, run).deliverables == DeliverableCounts(registered=3, live=1, held=1)


def gate_result(deliverable_id: str, verdict: str, **changes: Any) -> dict[str, Any]:
    outcome = "fail" if verdict == "monitor" else verdict
    return {
        "deliverable_id": deliverable_id,
        "gate": "schemaCheck",
        "url": f"http://a.example/{deliverable_id}",
        "outcome": outcome,
        "verdict": verdict,
        "findings": Json([]),
        "evaluated_at": AT,
        "is_standing": True,
    } | changes


def test_verdicts_that_stand_are_counted_by_page_and_what_holds_something_up_comes_first(
    insert: Insert, reader: Engine, run: RunFacts
) -> None:
    found = [
        {"code": "no_block", "severity": "error", "message": "no\u0000 block", "where": None},
        {"code": "w", "severity": "warning", "message": "hm", "where": "line 3"},
    ]
    insert(
        "dim_deliverables", *({"deliverable_id": name, "client_id": "acme", "is_held": name == "d"} for name in "abcde")
    )
    insert(
        "fct_gate_results",
        gate_result("a", "pass"),
        gate_result("a", "fail", is_standing=False),
        gate_result("b", "monitor"),
        gate_result("c", "error"),
        gate_result("d", "fail", findings=Json(found)),
        gate_result("e", "fail", url="http://a.example/e/2", page_key="a.example/e/2"),
        gate_result("e", "fail", url="http://a.example/e/1", page_key="a.example/e/1"),
        gate_result("e", "pass", url="http://a.example/e/3", page_key="a.example/e/3"),
        gate_result("a", "pass", gate="seoTagsPresent"),
    )
    data = load(reader, run)
    assert data.gates == (
        GateTally(gate="schemaCheck", passed=2, failed=3, monitored=1, errored=1),
        GateTally(gate="seoTagsPresent", passed=1, failed=0, monitored=0, errored=0),
    )
    assert [(row.url.removeprefix("http://a.example/"), row.verdict, row.held) for row in data.gate_failures] == [
        ("d", "fail", True),
        ("e/1", "fail", False),
        ("e/2", "fail", False),
        ("c", "error", False),
        ("b", "monitor", False),
    ]
    assert data.gate_failures[0].findings == tuple(Finding(**each) for each in found)  # type: ignore[arg-type]
    assert (data.gate_failures[0].client_id, data.gate_failures[0].evaluated_at) == ("acme", AT)


def test_revenue_is_summed_within_a_currency(insert: Insert, reader: Engine, run: RunFacts) -> None:
    insert(
        "fct_revenue",
        *(
            {"conversion_id": name, "currency": currency, "amount_minor": amount}
            for name, currency, amount in (("1", "EUR", 2**62), ("2", "EUR", -5), ("3", "JPY", 7), ("5", "XXX", 0))
        ),
    )
    insert("dim_deliverables", {"deliverable_id": "a"}, {"deliverable_id": "b"})
    insert(
        "deliverable_credit",
        {"deliverable_id": "a", "model": "first", "currency": "EUR", "credit_minor": 1},
        {"deliverable_id": "a", "model": "last", "currency": "EUR", "credit_minor": 1},
        {"deliverable_id": "b", "model": "last", "currency": "EUR", "credit_minor": 0},
        {"deliverable_id": "unregistered", "model": "last", "currency": "EUR", "credit_minor": 9},
    )
    assert load(reader, run).revenue == (
        Revenue(currency="EUR", amount_minor=2**62 - 5, volume_minor=2**62 + 5, conversions=2, credited_deliverables=1),
        Revenue(currency="JPY", amount_minor=7, volume_minor=7, conversions=1, credited_deliverables=0),
        Revenue(currency="XXX", amount_minor=0, volume_minor=0, conversions=1, credited_deliverables=0),
    )


def test_the_top_ten_of_each_currency_are_those_that_any_model_gives_the_most(
    insert: Insert, reader: Engine, run: RunFacts
) -> None:
    names = [f"d{number:02d}" for number in range(12)]
    insert("dim_deliverables", *({"deliverable_id": name} for name in names))
    insert(
        "deliverable_performance",
        *(
            {
                "deliverable_id": name,
                "client_id": "acme",
                "gate_state": "pass",
                "impressions": 9,
                "clicks": 3,
                "touches": 2,
                "mqls": 1,
                "deals": 5,
                "worked_minutes": 0,
            }
            for name in names
        ),
    )
    conversions = [("1", "EUR", None), ("2", "EUR", None), ("back", "EUR", "1"), ("1", "USD", None)]
    insert(
        "fct_revenue",
        *({"conversion_id": deal, "currency": code, "refund_of": of} for deal, code, of in conversions),
    )
    insert(
        "fct_attribution_credit",
        *(
            {"deliverable_id": "d01", "conversion_id": deal, "currency": code, "model": model}
            for deal, code, _ in conversions
            for model in ("first", "last")
            if code == "EUR"
        ),
    )
    credit = [
        {"deliverable_id": name, "currency": "EUR", "model": model, "credit_minor": amount}
        for number, name in enumerate(names)
        for model, amount in (("first", number), ("last", 100 - number if number else 0))
    ]
    insert(
        "deliverable_credit",
        *credit,
        {"deliverable_id": "d00", "currency": "USD", "model": "last", "credit_minor": 5},
        {"deliverable_id": "unregistered", "currency": "EUR", "model": "last", "credit_minor": 999},
    )
    top = load(reader, run).top_deliverables
    assert [row.deliverable_id for row in top] == [*names[1:11], "d00"]  # d00 has nothing but zeros in EUR
    assert top[0].credit_minor == {"first": 1, "last": 99}
    assert (top[-1].currency, top[-1].credit_minor) == ("USD", {"last": 5})
    assert (top[0].client_id, top[0].gate_state, top[0].impressions) == ("acme", "pass", 9)
    assert (top[0].deals, top[-1].deals) == (2, 0)  # deals of the currency: the refund is none, nor is the one in USD


def test_splits_come_in_the_order_they_are_told(insert: Insert, reader: Engine, run: RunFacts) -> None:
    rows = [
        {
            "currency": "EUR",
            "model": model,
            "went_to": place,
            "is_unattributed": place.startswith("no_t"),
            "credit_minor": 5,
            "volume_minor": 7,
            "conversions": 2,
            "volume_share": 0.5,
        }
        for model in ("linear", "last", "first")
        for place in ("no_touch", "deliverable")
    ]
    insert("credit_split", *rows)
    data = load(reader, run)
    assert data.models == ("first", "last", "linear")
    assert [split.went_to for split in data.credit_splits] == ["deliverable", "no_touch"] * 3
    assert data.credit_splits[1] == CreditSplit(
        currency="EUR",
        model="first",
        went_to="no_touch",
        is_unattributed=True,
        amount_minor=5,
        volume_minor=7,
        conversions=2,
    )


def test_clients_and_deliverables_have_their_cost_and_credit_by_currency(
    insert: Insert, reader: Engine, run: RunFacts
) -> None:
    figures = {"impressions": 9, "clicks": 3, "touches": 2, "mqls": 1, "deals": 5, "worked_minutes": 75}
    states = {"a": "pass", "b": "fail", "c": "error", "d": "not_judged"}
    owned = {name: {"deliverable_id": name, "client_id": None if name == "d" else "acme"} for name in states}
    insert("dim_deliverables", *(owned[name] | {"is_live": name != "b"} for name in states))
    insert("deliverable_performance", *(owned[name] | figures | {"gate_state": states[name]} for name in states))
    insert(
        "fct_costs",
        *(
            {"deliverable_id": name, "amount_minor": amount, "currency": code}
            for name, amount, code in (("a", 2**62, "EUR"), ("b", 1, "EUR"), ("b", 7, "JPY"), ("c", None, None))
        ),
    )
    insert(
        "deliverable_credit",
        *(
            {"deliverable_id": name, "currency": code, "model": model, "credit_minor": amount}
            for name, code, model, amount in (
                ("a", "EUR", "first", 5),
                ("a", "EUR", "last", 0),
                ("b", "EUR", "first", 6),
                ("b", "XXX", "first", 0),
            )
        ),
    )
    data = load(reader, run)
    nobody, acme = data.clients
    assert (acme.deliverables, acme.live, acme.measured, acme.passing, acme.worked_minutes) == (3, 2, 2, 1, 225)
    assert acme.cost_minor == {"EUR": 2**62 + 1, "JPY": 7}
    assert acme.credit_minor == {"EUR": {"first": 11, "last": 0}}
    assert (nobody.client_id, nobody.cost_minor, nobody.credit_minor) == ("", {}, {})
    assert [(row.deliverable_id, row.cost_minor, row.credit_minor) for row in data.performance] == [
        ("a", {"EUR": 2**62}, {"EUR": {"first": 5, "last": 0}}),
        ("b", {"EUR": 1, "JPY": 7}, {"EUR": {"first": 6}}),
        ("c", {}, {}),
        ("d", {}, {}),
    ]
    assert [row.is_live for row in data.performance] == [True, False, True, True]


def test_the_mismatch_is_among_those_judged(insert: Insert, reader: Engine, run: RunFacts) -> None:
    judged = {"client_id": "acme", "url": "http://a.example/", "published_at": AT, "clicks": 1}
    insert(
        "attribution_mismatch",
        judged | {"deliverable_id": "a", "impressions": 10, "is_mismatch": True},
        judged | {"deliverable_id": "b", "impressions": 90, "is_mismatch": True, "url": None},
        judged | {"deliverable_id": "c", "impressions": 2**40, "is_mismatch": False},
    )
    mismatch = load(reader, run).mismatch
    assert (mismatch.judged, mismatch.judged_impressions) == (3, 2**40 + 100)
    assert [(row.deliverable_id, row.url) for row in mismatch.deliverables] == [("b", ""), ("a", "http://a.example/")]


def test_the_balance_of_search_rows_is_summed_by_property_and_comes_after_those_of_the_run(
    insert: Insert, reader: Engine, ordinary: ReportData
) -> None:
    insert(
        "search_daily",
        *(
            {
                "property": name,
                "search_date": date(2026, 3, day),
                "page_rows": rows,
                "matched_rows": 2,
                "unmatched_rows": 1,
            }
            for name, day, rows in (("b", 1, 3), ("a", 1, 3), ("a", 2, 4))
        ),
    )
    balances = load(reader, ordinary.run).run.balances
    assert balances == (
        *ordinary.run.balances,
        Balance(kind="search", subject="a", incoming=7, outcomes={"matched": 4, "unmatched": 2}),
        Balance(kind="search", subject="b", incoming=3, outcomes={"matched": 2, "unmatched": 1}),
    )


def test_search_days_are_those_with_a_total_in_the_last_ninety(insert: Insert, reader: Engine, run: RunFacts) -> None:
    insert(
        "search_daily",
        *(
            {
                "property": "p",
                "client_id": client,
                "search_date": day,
                "impressions": impressions,
                "clicks": impressions,
            }
            for day, client, impressions in (
                (date(2025, 12, 31), "acme", 4),
                (date(2026, 1, 1), "acme", 5),
                (date(2026, 3, 29), "acme", None),
                (date(2026, 3, 30), "acme", 0),
                (date(2026, 3, 31), None, 6),
            )
        ),
    )
    assert load(reader, run).search == (
        SearchDay(property="p", client_id="acme", date=date(2026, 1, 1), impressions=5, clicks=5),
        SearchDay(property="p", client_id="acme", date=date(2026, 3, 30), impressions=0, clicks=0),
        SearchDay(property="p", client_id="", date=date(2026, 3, 31), impressions=6, clicks=6),
    )


def test_what_was_loaded_can_be_told(insert: Insert, reader: Engine, run: RunFacts) -> None:
    insert("fct_gate_results", gate_result("a", "fail", url=None))
    insert("fct_revenue", {"conversion_id": "1", "currency": "EUR", "amount_minor": 5})
    html = page.render(load(reader, run))
    assert "schemaCheck: 1 page to look at" in html
    assert "EUR 0.05 from 1 conversion" in html
