"""At stake: after every run, good or bad, what went in came out somewhere, and no unit of money went missing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import pytest

from delivery_ops_tests.pipeline.operated import Seen

RUNS: dict[str, tuple[str, Callable[[Any], Seen]]] = {
    "demo": ("demo", lambda runs: runs.first),
    "demo again": ("demo", lambda runs: runs.again),
    "past date": ("demo", lambda runs: runs.past),
    "bad day": ("broken", lambda runs: runs.before),
    "day after": ("broken", lambda runs: runs.after),
    "real funnel": ("funnel", lambda seen: seen),
}


@pytest.fixture(params=RUNS)
def seen(request: pytest.FixtureRequest) -> Seen:
    fixture, pick = RUNS[request.param]
    return pick(request.getfixturevalue(fixture))


def test_every_balance_that_is_told_adds_up(seen: Seen) -> None:
    assert seen.balances
    for balance in seen.balances.values():
        assert all(count >= 0 for count in balance.values())
        assert balance["incoming"] == sum(count for name, count in balance.items() if name != "incoming")
    assert seen.document["balanced"] is True


def test_what_is_told_of_a_file_is_what_the_ledger_was_told(seen: Seen) -> None:
    loads = seen.table("source_load", "source")
    told = {subject: balance for (kind, subject), balance in seen.balances.items() if kind == "file"}
    assert told == {
        source: {
            "incoming": load["rows"],
            "kept": load["kept"],
            "duplicate": load["duplicate"],
            "rejected": load["rejected"],
        }
        for source, load in loads.items()
        if load["error_class"] is None
    }


def test_every_batch_of_events_since_the_last_report_is_in_the_balance(seen: Seen) -> None:
    columns = {"incoming": "received", **{name: name for name in ("kept", "duplicate", "conflict", "rejected")}}
    batches = [batch for batch in seen.ops["intake"] if batch["run_id"] == seen.document["run"]["run_id"]]
    sums = {told: sum(int(batch[column]) for batch in batches) for told, column in columns.items()}
    assert seen.balances["events", "ledger"] == sums
    assert all(batch["is_told"] for batch in seen.ops["intake"])


def test_search_rows_in_are_those_that_were_exported_and_those_in_the_mart(seen: Seen) -> None:
    told = {subject: balance for (kind, subject), balance in seen.balances.items() if kind == "search"}
    newest = {
        key[:2]: row
        for key, row in sorted(seen.table("search_export", "property", "date", "epoch").items())
        if row["rows"] is not None
    }
    exported: Counter[str] = Counter()
    for (property_, _), row in newest.items():
        exported[property_] += row["rows"]
    in_mart = Counter(row["property"] for row in seen.analytics["fct_search_performance"])
    owned = Counter(
        row["property"] for row in seen.analytics["fct_search_performance"] if row["deliverable_id"] is not None
    )
    assert {name: balance["incoming"] for name, balance in told.items()} == exported == in_mart
    assert {name: balance["matched"] for name, balance in told.items()} == owned


def test_every_model_gives_away_exactly_what_was_earned(seen: Seen) -> None:
    earned = {key: row["amount_minor"] for key, row in seen.mart("fct_revenue", "conversion_id", "currency").items()}
    for model in ("first", "last", "linear"):
        given: Counter[tuple[str, str]] = Counter()
        for row in seen.analytics["fct_attribution_credit"]:
            if row["model"] == model:
                given[row["conversion_id"], row["currency"]] += row["credit_minor"]
        assert given == earned
        by_currency: Counter[str] = Counter()
        for row in seen.analytics["credit_split"]:
            if row["model"] == model:
                by_currency[row["currency"]] += row["credit_minor"]
        assert by_currency == _sums(earned)


def test_the_report_and_the_mart_take_the_same_unattributed_share(seen: Seen) -> None:
    shares: defaultdict[tuple[str, str], float] = defaultdict(float)
    for row in seen.analytics["credit_split"]:
        shares[row["currency"], row["model"]] += row["volume_share"] if row["is_unattributed"] else 0
    told = {(row["currency"], row["model"]): row["share"] for row in seen.document["unattributed_share"]}
    assert told == pytest.approx(shares)


def _sums(earned: dict[tuple[str, str], int]) -> Counter[str]:
    sums: Counter[str] = Counter()
    for (_, currency), amount in earned.items():
        sums[currency] += amount
    return sums


def test_what_a_deliverable_carries_is_the_sum_of_its_touches_credit(seen: Seen) -> None:
    of_touches: Counter[tuple[str, str, str]] = Counter()
    for row in seen.analytics["fct_attribution_credit"]:
        if row["deliverable_id"]:
            of_touches[row["deliverable_id"], row["model"], row["currency"]] += row["credit_minor"]
    credit = seen.mart("deliverable_credit", "deliverable_id", "model", "currency")
    assert {key: row["credit_minor"] for key, row in credit.items()} == of_touches


def test_every_event_of_the_ledger_is_in_the_mart_and_every_deliverable_in_the_performance(seen: Seen) -> None:
    positions = [row["position"] for row in seen.analytics["fct_events"]]
    assert max(positions) == seen.head
    assert len(positions) == len(set(positions))
    registered = {
        row["deliverable_id"] for row in seen.analytics["fct_events"] if row["event_type"].endswith("registered")
    }
    assert seen.mart("deliverable_performance", "deliverable_id").keys() == registered
