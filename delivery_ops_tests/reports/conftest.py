"""Hand-made operations to report on: an ordinary day, nothing at all, several currencies, and a hostile giant."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from delivery_ops.reports.data import Balance, Failure, ReportData
from delivery_ops.reports.marts import (
    DeliverableCounts,
    GateTally,
    Mismatch,
    Publication,
    Revenue,
    UnmetDeliverable,
)
from delivery_ops_tests.reports.records import (
    BALANCES,
    FAILURES,
    GATE_FAILURES,
    GATES,
    HOSTILE,
    client,
    credit,
    finding,
    gate_failure,
    performance,
    run_facts,
    search_days,
    splits,
)


@pytest.fixture
def ordinary() -> ReportData:
    """An agency of three clients in one currency, with two failures and something skipped."""
    return ReportData(
        run=run_facts(
            balances=BALANCES,
            failures=FAILURES,
            skipped=("No cost source is configured: deliverables have no cost.",),
        ),
        publication=Publication(
            run_id="3f1c9a52-7c1e-4a60-9f5d-2d3c1f0e8b7a", published_at=datetime(2026, 3, 30, 12, 0, 36, tzinfo=UTC)
        ),
        deliverables=DeliverableCounts(registered=46, live=41, held=4),
        clients=(client("bluewave"), client("northwind", measured=0, passing=0, cost_minor={}, credit_minor={})),
        performance=(
            performance("whitepaper-cold-chain", "northwind"),
            performance("landing-rooms", "harbour-hotels", is_live=False, gate_state="fail", is_held=True),
            performance("article-new", "bluewave", published_at=None, gate_state="not_judged", credit_minor={}),
        ),
        gates=GATES,
        gate_failures=GATE_FAILURES,
        revenue=(
            Revenue(
                currency="EUR",
                amount_minor=18_734_501,
                volume_minor=18_734_501,
                conversions=57,
                credited_deliverables=23,
            ),
        ),
        top_deliverables=tuple(
            credit(
                name, client, "EUR", 2_400_010 - 190_003 * rank, 2_100_000 - 170_001 * rank, 2_250_007 - 181_007 * rank
            )
            for rank, (name, client) in enumerate(
                [
                    ("whitepaper-cold-chain", "northwind"),
                    ("landing-rooms", "harbour-hotels"),
                    ("article-cold-chain-01", "northwind"),
                    ("landing-spring-offer", "bluewave"),
                    ("webinar-sensors", "northwind"),
                    ("product-sensor-kit", "northwind"),
                    ("landing-spa", "harbour-hotels"),
                    ("article-tides", "bluewave"),
                    ("case-study-fleet", "northwind"),
                    ("newsletter-march", "bluewave"),
                ]
            )
        ),
        credit_splits=splits(
            "EUR",
            18_734_501,
            no_deliverable=150_000,
            no_touch=901_122,
            no_touch_in_window=1_404_077,
            no_identity=330_000,
        ),
        mismatch=Mismatch(
            judged=29,
            judged_impressions=41_223,
            deliverables=(
                UnmetDeliverable(
                    deliverable_id="article-tides-of-the-north-sea",
                    client_id="bluewave",
                    url="http://www.bluewave.example/articles/tides-of-the-north-sea",
                    published_at=datetime(2026, 1, 14, 8, 30, tzinfo=UTC),
                    impressions=1_904,
                    clicks=22,
                ),
                UnmetDeliverable(
                    deliverable_id="landing-pets",
                    client_id="harbour-hotels",
                    url="http://www.harbour-hotels.example/pets",
                    published_at=datetime(2026, 1, 20, 7, 0, tzinfo=UTC),
                    impressions=77,
                    clicks=0,
                ),
            ),
        ),
        search=tuple(
            search_days("sc-domain:northwind.example", "northwind", 2200)
            + search_days("sc-domain:bluewave.example", "bluewave", 640)
            + search_days("sc-domain:harbour-hotels.example", "harbour-hotels", 310, missing=(9, 10, 27))
        ),
    )


@pytest.fixture
def empty() -> ReportData:
    """An operation in its first minute: configured, and nothing in it."""
    return ReportData(run=run_facts(operation="new"))


@pytest.fixture
def several_currencies() -> ReportData:
    """Four currencies of 0, 2 and 3 decimals, one of them with no amount at all, and a refund."""
    return ReportData(
        run=run_facts(balances=BALANCES, changed=False),
        publication=Publication(run_id="an-earlier-run", published_at=datetime(2026, 3, 29, 12, tzinfo=UTC)),
        deliverables=DeliverableCounts(registered=9, live=9, held=0),
        revenue=(
            Revenue(currency="EUR", amount_minor=10_000, volume_minor=30_000, conversions=3, credited_deliverables=2),
            Revenue(
                currency="JPY", amount_minor=1_500_000, volume_minor=1_500_000, conversions=2, credited_deliverables=1
            ),
            Revenue(
                currency="BHD", amount_minor=1_234_567, volume_minor=1_234_567, conversions=1, credited_deliverables=0
            ),
            Revenue(currency="USD", amount_minor=77, volume_minor=77, conversions=1, credited_deliverables=1),
            Revenue(currency="XXX", amount_minor=0, volume_minor=0, conversions=1, credited_deliverables=0),
        ),
        top_deliverables=(
            credit("guide", "acme", "EUR", 20_000, 15_000, 17_500),
            credit("pricing", "acme", "EUR", -10_000, -5_000, -7_500),
            credit("guide", "acme", "JPY", 1_500_000, 1_500_000, 1_500_000),
            credit("guide", "acme", "USD", 77, 0, 26),
        ),
        credit_splits=(
            *splits("EUR", 10_000, refunded=10_000),
            *splits("JPY", 1_500_000),
            *splits("BHD", 1_234_567, no_touch=1_234_567),
            *splits("USD", 77),
            *splits("XXX", 0),
        ),
    )


@pytest.fixture
def hostile() -> ReportData:
    """500 deliverables with ids of 200 characters, and markup, control and bidi characters in every text."""
    long_id = HOSTILE + "x" * 150
    names = [f"{number:03d}-{long_id}" for number in range(500)]
    bad = finding(HOSTILE, HOSTILE, HOSTILE)
    return ReportData(
        run=run_facts(
            operation=HOSTILE,
            run_id=HOSTILE,
            balances=(
                Balance(kind="file", subject=HOSTILE, incoming=5, outcomes={HOSTILE: 3}),
                *(
                    Balance(kind="search", subject=f"{name}", incoming=7, outcomes={"matched": 7, "unmatched": 0})
                    for name in names[:20]
                ),
            ),
            failures=tuple(Failure(what=HOSTILE, subject=name, cause=HOSTILE, remedy=HOSTILE) for name in names[:30]),
            skipped=(HOSTILE,) * 12,
        ),
        deliverables=DeliverableCounts(registered=500, live=500, held=500),
        clients=tuple(client(name) for name in names[:20]),
        performance=tuple(performance(name, HOSTILE, gate_state=HOSTILE) for name in names[:25]),
        gates=(GateTally(gate=HOSTILE, passed=0, failed=499, monitored=0, errored=1),),
        gate_failures=tuple(
            gate_failure(HOSTILE, "error" if number == 0 else "fail", name, HOSTILE, bad, bad)
            for number, name in enumerate(names)
        ),
        revenue=(
            Revenue(
                currency="EUR",
                amount_minor=9 * 10**13,
                volume_minor=9 * 10**13,
                conversions=10**9,
                credited_deliverables=500,
            ),
        ),
        top_deliverables=tuple(
            credit(name, HOSTILE, "EUR", *[9 * 10**13 // (rank + 2)] * 3) for rank, name in enumerate(names[:10])
        ),
        credit_splits=splits("EUR", 9 * 10**13, **{HOSTILE: 10**13}),
        mismatch=Mismatch(
            judged=500,
            judged_impressions=500 * 10**9,
            deliverables=tuple(
                UnmetDeliverable(
                    deliverable_id=name,
                    client_id=HOSTILE,
                    url=f"javascript:alert({number})" if number % 2 else f"https://{HOSTILE}/".replace(" ", ""),
                    published_at=datetime(2026, 1, 1, tzinfo=UTC),
                    impressions=10**9,
                    clicks=10**8,
                )
                for number, name in enumerate(names)
            ),
        ),
        search=tuple(day for name in names[:20] for day in search_days(name, HOSTILE, 10**9)),
    )
