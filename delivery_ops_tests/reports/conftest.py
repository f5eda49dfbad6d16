"""Hand-made operations to report on: an ordinary day, nothing at all, several currencies, and a hostile giant."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from delivery_ops.reports.data import Balance, Failure, ReportData, RunFacts
from delivery_ops.reports.marts import (
    ClientPerformance,
    CreditSplit,
    DeliverableCounts,
    DeliverableCredit,
    DeliverablePerformance,
    Finding,
    GateFailure,
    GateTally,
    Mismatch,
    Publication,
    Revenue,
    SearchDay,
    UnmetDeliverable,
)

MODELS = ("first", "last", "linear")
HOSTILE = "<script>alert('x')</script>\"'&\u202eevil\x1b[31m\x00"


def run_facts(**changes: Any) -> RunFacts:
    started = datetime(2026, 3, 30, 12, 0, tzinfo=UTC)
    facts: dict[str, Any] = {
        "operation": "harbour-agency",
        "zone": "Europe/Berlin",
        "run_id": "3f1c9a52-7c1e-4a60-9f5d-2d3c1f0e8b7a",
        "as_of": date(2026, 3, 30),
        "started_at": started,
        "finished_at": started + timedelta(seconds=38.4),
        "attribution_window_days": 30,
        "mismatch_window_days": 30,
        "mismatch_min_impressions": 10,
    }
    return RunFacts(**(facts | changes))


def credit(deliverable_id: str, client_id: str, currency: str, *minor: int) -> DeliverableCredit:
    return DeliverableCredit(
        deliverable_id=deliverable_id,
        client_id=client_id,
        currency=currency,
        credit_minor=dict(zip(MODELS, minor, strict=True)),
        deals=3,
        gate_state="pass",
        impressions=12 * len(deliverable_id) ** 2,
    )


def performance(deliverable_id: str, client_id: str, **changes: Any) -> DeliverablePerformance:
    figures: dict[str, Any] = {
        "published_at": datetime(2026, 1, 14, 8, 30, tzinfo=UTC),
        "is_live": True,
        "gate_state": "pass",
        "is_held": False,
        "impressions": 5_292,
        "clicks": 63,
        "touches": 41,
        "mqls": 7,
        "deals": 3,
        "worked_minutes": 1_245,
        "cost_minor": {"EUR": 273_025},
        "credit_minor": {"EUR": {"first": 300, "last": 100, "linear": 200}},
    }
    return DeliverablePerformance(deliverable_id=deliverable_id, client_id=client_id, **(figures | changes))


def client(client_id: str, **changes: Any) -> ClientPerformance:
    figures: dict[str, Any] = {
        "deliverables": 20,
        "live": 18,
        "measured": 16,
        "passing": 12,
        "impressions": 4_582,
        "clicks": 114,
        "worked_minutes": 27_315,
        "cost_minor": {"EUR": 3_984_442},
        "credit_minor": {"EUR": {"first": 300, "last": 100, "linear": 200}, "JPY": {"first": 7, "last": 7}},
    }
    return ClientPerformance(client_id=client_id, **(figures | changes))


def splits(currency: str, whole: int, **parts: int) -> tuple[CreditSplit, ...]:
    """``parts`` for every model, the rest of ``whole`` carried by deliverables."""
    amounts = {"deliverable": whole - sum(parts.values()), **parts}
    return tuple(
        CreditSplit(
            currency=currency,
            model=model,
            went_to=place,
            is_unattributed=place not in ("deliverable", "no_deliverable"),
            amount_minor=amount,
            conversions=3,
        )
        for model in MODELS
        for place, amount in amounts.items()
    )


def search_days(property_name: str, client_id: str, size: int, missing: tuple[int, ...] = ()) -> list[SearchDay]:
    return [
        SearchDay(
            property=property_name,
            client_id=client_id,
            date=date(2026, 3, 1) + timedelta(days=number),
            impressions=0 if number == 20 else int(size * (1 + 0.3 * math.sin(number / 1.1))),
            clicks=0 if number == 20 else int(size / 31 * (1 + 0.4 * math.sin(number / 1.3))),
        )
        for number in range(28)
        if number not in missing
    ]


def gate_failure(gate: str, verdict: Any, deliverable_id: str, client_id: str, *findings: Finding) -> GateFailure:
    return GateFailure(
        gate=gate,
        verdict=verdict,
        deliverable_id=deliverable_id,
        client_id=client_id,
        url=f"http://www.{client_id}.example/{deliverable_id}",
        held=verdict == "fail",
        evaluated_at=datetime(2026, 3, 30, 11, 58, tzinfo=UTC),
        findings=findings,
    )


def finding(code: str, message: str, where: str | None = None, severity: str = "error") -> Finding:
    return Finding(code=code, severity=severity, message=message, where=where)


BALANCES = (
    Balance(
        kind="events",
        subject="simulator",
        incoming=412,
        outcomes={"kept": 408, "duplicate": 1, "conflict": 1, "rejected": 2},
    ),
    Balance(
        kind="search", subject="sc-domain:northwind.example", incoming=1104, outcomes={"matched": 1061, "unmatched": 43}
    ),
    Balance(
        kind="search", subject="sc-domain:bluewave.example", incoming=640, outcomes={"matched": 640, "unmatched": 0}
    ),
    Balance(kind="file", subject="crm_touches", incoming=318, outcomes={"kept": 315, "duplicate": 2, "rejected": 1}),
    Balance(kind="file", subject="billing_revenue", incoming=61, outcomes={"kept": 61, "duplicate": 0, "rejected": 0}),
)

FAILURES = (
    Failure(
        what="exporting a search day",
        subject="sc-domain:harbour-hotels.example 2026-03-28",
        cause="403 insufficientPermission: User does not have sufficient permission for site",
        remedy="Add the service account as a user of the property, then run again; the day is still due.",
    ),
    Failure(
        what="fetching a page",
        subject="http://www.northwind.example/whitepaper-cold-chain",
        cause="no answer within 10 s",
        remedy="Open the page yourself; the gate measures it again at the next run.",
    ),
)

GATES = (
    GateTally(gate="schemaCheck", passed=33, failed=4, monitored=0, errored=1),
    GateTally(gate="seoTagsPresent", passed=32, failed=0, monitored=5, errored=1),
)

GATE_FAILURES = (
    gate_failure(
        "schemaCheck",
        "fail",
        "article-cold-chain-01",
        "northwind",
        finding(
            "jsonld_unparsable", "A JSON-LD block is not valid JSON: expected ',' or '}'", "block 1, line 7, column 3"
        ),
    ),
    gate_failure(
        "schemaCheck",
        "fail",
        "product-sensor-kit",
        "northwind",
        finding("required_property_missing", "Product has no name", "block 1, Product"),
        finding(
            "required_property_missing", "Product has neither offers, review nor aggregateRating", "block 1, Product"
        ),
        finding("image_small", "The image is smaller than 50,000 pixels", "block 1, image", "warning"),
    ),
    gate_failure(
        "schemaCheck", "fail", "landing-spring-offer", "bluewave", finding("no_block", "The page has no JSON-LD block")
    ),
    gate_failure(
        "schemaCheck",
        "fail",
        "landing-rooms",
        "harbour-hotels",
        finding("type_unknown", "'Hotell' is no type of schema.org", "block 2"),
    ),
    gate_failure(
        "schemaCheck",
        "error",
        "whitepaper-cold-chain",
        "northwind",
        finding("page_unreachable", "The page did not answer within 10 s"),
    ),
    gate_failure(
        "seoTagsPresent",
        "monitor",
        "landing-rooms",
        "harbour-hotels",
        finding("title_missing", "The page has no title"),
    ),
    gate_failure(
        "seoTagsPresent", "monitor", "landing-spa", "harbour-hotels", finding("h1_count", "The page has 2 h1, not one")
    ),
    gate_failure(
        "seoTagsPresent",
        "error",
        "whitepaper-cold-chain",
        "northwind",
        finding("page_unreachable", "The page did not answer within 10 s"),
    ),
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
            *splits("EUR", 10_000),
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
