"""The truth itself: hand-computed where a case is about a rule, conserving everywhere, and free of surprises.

If the oracle is wrong, every test that trusts it is. So its figures for the remarkable cases are written here by hand.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_ops.simulator import planted
from delivery_ops.simulator.cases import CASES
from delivery_ops.simulator.expected_credit import MODELS, allocate
from delivery_ops.simulator.truth import Truth, truth_of
from delivery_ops.urls import page_key

NOW = datetime(2026, 3, 30, 12, 0, tzinfo=UTC)


@pytest.fixture(params=[7, 8, 2026])
def any_truth(request: pytest.FixtureRequest) -> Truth:
    return truth_of(request.param)


def _credit(truth: Truth, case: str, model: str, currency: str = "EUR") -> dict[str | None, int]:
    """By touch, its id cut down to what tells the touches of one case apart."""
    [deal_key] = [c.deal_key for c in CASES if c.name == case]
    rows = [c for c in truth.credits if (c.deal_key, c.model, c.currency) == (deal_key, model, currency)]
    return {row.touch_id and row.touch_id.rpartition("-")[2]: row.credit_minor for row in rows}


@pytest.mark.parametrize(
    ("case", "currency", "first", "last", "linear"),
    [
        ("lower_edge", "EUR", {"t2": 120_000}, {"t3": 120_000}, {"t2": 60_000, "t3": 60_000}),
        ("refund", "EUR", {"t2": -120_000}, {"t3": -120_000}, {"t2": -60_000, "t3": -60_000}),
        ("only_at_lower_edge", "EUR", {None: 64_000}, {None: 64_000}, {None: 64_000}),
        ("upper_edge", "EUR", {"t1": 31_050}, {"t2": 31_050}, {"t1": 15_525, "t2": 15_525}),
        ("tie", "EUR", {"t10": 10_001}, {"t4": 10_001}, {"t10": 2_501, "t9": 2_500, "t3": 2_500, "t4": 2_500}),
        ("uneven_cent", "EUR", {"t1": 10_000}, {"t3": 10_000}, {"t1": 3_334, "t2": 3_333, "t3": 3_333}),
        ("no_touch", "EUR", {None: 275_000}, {None: 275_000}, {None: 275_000}),
        ("no_identity", "EUR", {None: 88_000}, {None: 88_000}, {None: 88_000}),
        ("no_revenue", "EUR", {"t1": 0}, {"t1": 0}, {"t1": 0}),
        ("two_currencies", "EUR", {"t1": 49_999}, {"t2": 49_999}, {"t1": 25_000, "t2": 24_999}),
        ("two_currencies", "JPY", {"t1": 125_001}, {"t2": 125_001}, {"t1": 62_501, "t2": 62_500}),
        ("credit_note", "GBP", {"t1": 74_999}, {"t2": 74_999}, {"t1": 37_500, "t2": 37_499}),
        ("net_negative", "GBP", {"t1": -7_501}, {"t2": -7_501}, {"t1": -3_751, "t2": -3_750}),
        ("account_wide", "EUR", {"t1": 1_000_000}, {"t2": 1_000_000}, {"t1": 500_000, "t2": 500_000}),
        ("no_account_on_the_deal", "EUR", {"t1": 730_001}, {"t1": 730_001}, {"t1": 730_001}),
    ],
)
def test_a_remarkable_customer_gets_the_credit_computed_by_hand(
    truth: Truth,
    case: str,
    currency: str,
    first: dict[str | None, int],
    last: dict[str | None, int],
    linear: dict[str | None, int],
) -> None:
    assert _credit(truth, case, "first", currency) == first
    assert _credit(truth, case, "last", currency) == last
    assert _credit(truth, case, "linear", currency) == linear


def test_every_case_has_a_row_in_the_table_above() -> None:
    parameters = test_a_remarkable_customer_gets_the_credit_computed_by_hand.pytestmark[0].args[1]
    assert {row[0] for row in parameters} == {case.name for case in CASES}


def test_the_edges_are_thirty_days_of_86400_seconds_across_a_jump_of_the_clocks(truth: Truth) -> None:
    [deal] = [d for d in truth.agency.deals if d.deal_key == "halden-d-only-at-lower-edge"]
    [touch] = [t for t in truth.agency.touches if t.contact_id == deal.contact_id]
    assert deal.closed_at - touch.touched_at == timedelta(seconds=30 * 86_400)


def test_the_unattributed_conversions_are_the_planted_ones(any_truth: Truth) -> None:
    found = {c.deal_key or c.revenue_id: c.reason for c in any_truth.conversions if not c.eligible}
    assert found == {
        "halden-d-only-at-lower-edge": "no_touch_in_window",
        "halden-d-no-touch": "no_touch",
        "halden-d-no-identity": "no_identity",
        "halden-r-counter": "no_identity",
        "pellworm-r-unknown-deal": "no_identity",
    }


def test_credit_equals_revenue_per_conversion_and_model_and_revenue_equals_its_rows(any_truth: Truth) -> None:
    credited: Counter[tuple[str | None, str, str]] = Counter()
    for credit in any_truth.credits:
        credited[credit.deal_key or credit.revenue_id, credit.currency, credit.model] += credit.credit_minor
    for conversion in any_truth.conversions:
        key = conversion.deal_key or conversion.revenue_id
        assert [credited[key, conversion.currency, model] for model in MODELS] == [conversion.amount_minor] * 3
    booked: Counter[str] = Counter()
    for row in any_truth.agency.revenue:
        booked[row.currency] += row.amount_minor
    for conversion in any_truth.conversions:
        booked[conversion.currency] -= conversion.amount_minor
    assert set(booked.values()) == {0}


@given(amount=st.integers(-(10**9), 10**9), parts=st.lists(st.integers(1, 50), min_size=1, max_size=12))
def test_allocation_conserves_and_is_off_by_less_than_a_unit(amount: int, parts: list[int]) -> None:
    weights = [Fraction(part, sum(parts)) for part in parts]
    shares = allocate(amount, weights)
    assert sum(shares) == amount
    assert all(abs(share - amount * weight) < 1 for share, weight in zip(shares, weights, strict=True))
    assert allocate(-amount, weights) == [-share for share in shares]


def _impressions_in_window(truth: Truth, deliverable_id: str, published: datetime) -> int:
    days = {published.date() + timedelta(days=nth) for nth in range(31)}
    client = next(c for c in truth.agency.clients if deliverable_id.startswith(c.client_id))
    complete = set(truth.complete_days(client.search_property, NOW)) & days
    return sum(
        row.impressions
        for day in complete
        for row in truth.search_days[client.search_property, day].pages
        if row.deliverable_id == deliverable_id
    )


def test_one_deliverable_was_seen_and_not_touched_and_two_just_do_not_count(any_truth: Truth) -> None:
    untouched = {}
    for d in any_truth.agency.deliverables:
        if d.published_at and not any_truth.performance[d.deliverable_id].touches:
            seen = _impressions_in_window(any_truth, d.deliverable_id, d.published_at)
            untouched[d.deliverable_id] = (seen, d.published_at + timedelta(days=33) <= NOW)
    mismatches = {name for name, (seen, is_mature) in untouched.items() if seen >= 10 and is_mature}
    assert mismatches == set(any_truth.mismatches) == {planted.MISMATCH}
    assert untouched[planted.BARELY_SEEN] == (9, True)
    seen, is_mature = untouched[planted.TOO_YOUNG]
    assert seen >= 10
    assert not is_mature


def test_unmatched_rows_of_search_are_the_pages_nobody_owns(any_truth: Truth) -> None:
    urls = {d.deliverable_id: d.url for d in any_truth.agency.deliverables}
    unmatched, spelled_otherwise = set(), set()
    for (_, day), expected in any_truth.search_days.items():
        if day <= date(2026, 3, 26):
            unmatched |= {row.page for row in expected.pages if row.deliverable_id is None}
            spelled_otherwise |= {
                row.deliverable_id
                for row in expected.pages
                if row.deliverable_id and row.page != urls[row.deliverable_id]
            }
    assert unmatched == {page for pages in planted.UNOWNED_PAGES.values() for page in pages}
    assert spelled_otherwise == {*planted.SHOWN_WITH_TAGS, planted.SHOWN_WITH_LOWER_HEX}


def test_every_spelling_of_an_owned_page_has_the_key_of_its_url_and_no_unowned_page_has(any_truth: Truth) -> None:
    owner = {page_key(d.url): d.deliverable_id for d in any_truth.agency.deliverables if d.url}
    pages = {(row.page, row.deliverable_id) for expected in any_truth.search_days.values() for row in expected.pages}
    for page, deliverable_id in pages:
        assert page is not None
        assert owner.get(page_key(page)) == deliverable_id


def test_stages_after_a_run_hold_what_failed_and_report_what_was_seen(any_truth: Truth) -> None:
    after = any_truth.stages_after_run(NOW)
    failed = {name for name, _ in any_truth.defects}
    assert {after[name] for name in failed} == {"qa"}
    assert after[planted.UNREACHABLE] == "qa"
    assert after[planted.PUBLISHED_BY_TIMER] == "qa"
    assert after[planted.UNPUBLISHED] == "review"
    assert after[planted.MISMATCH] == "report"
    assert {name: after[name] for name in planted.IN_THE_MAKING} == planted.IN_THE_MAKING
    assert Counter(after.values())["report"] > 20


def test_costs_and_contacts_are_those_of_the_records(truth: Truth) -> None:
    assert sum(p.cost_minor for p in truth.performance.values()) == sum(c.amount_minor for c in truth.agency.costs)
    owned = [t for t in truth.agency.touches if t.deliverable_id]
    assert sum(p.touches for p in truth.performance.values()) == len(owned) < len(truth.agency.touches)
    assert any(p.mql_contacts for p in truth.performance.values())
