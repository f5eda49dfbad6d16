"""Records of a report made by hand: short ways to write one, and the balance, failures and gates of an ordinary day."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from typing import Any

from delivery_ops.reports.data import Balance, Failure, RunFacts
from delivery_ops.reports.marts import (
    ClientPerformance,
    CreditSplit,
    DeliverableCredit,
    DeliverablePerformance,
    Finding,
    GateFailure,
    GateTally,
    SearchDay,
)

MODELS = ("first", "last", "linear")
HOSTILE = "<script>alert('x')</script>\"'&\u202eevil\x1b[31m\x00"


def run_facts(**changes: Any) -> RunFacts:
    started = datetime(2026, 3, 30, 12, 0, tzinfo=UTC)
    facts: dict[str, Any] = {
        "operation": "harbour-agency",
        "zone": "Europe/Berlin",
        "config_option": " --config mine",
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


def splits(currency: str, whole: int, *, refunded: int = 0, **parts: int) -> tuple[CreditSplit, ...]:
    """``parts`` for every model, the rest of ``whole`` carried by deliverables, of it ``refunded`` taken back again."""
    amounts = {"deliverable": whole - sum(parts.values()), **parts}
    return tuple(
        CreditSplit(
            currency=currency,
            model=model,
            went_to=place,
            is_unattributed=place not in ("deliverable", "no_deliverable"),
            amount_minor=amount,
            volume_minor=abs(amount) + (2 * refunded if place == "deliverable" else 0),
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
