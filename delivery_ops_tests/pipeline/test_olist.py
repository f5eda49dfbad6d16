"""At stake: a real company's files are run from a config directory alone, and no cent of their revenue is lost.

"Marketing Funnel by Olist": 8,000 leads on 495 landing pages, 842 won deals, what their sellers sold. The expected
figures are worked out here from the files with the standard library alone.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from delivery_ops_tests.pipeline.operated import Seen

MODELS = ("first", "last", "linear")
WINDOW = timedelta(seconds=30 * 86_400)


@dataclass(frozen=True, kw_only=True, slots=True)
class Won:
    """A won deal: what its seller sold in cents of BRL, and the lead that gets it, or why none does."""

    amount_minor: int
    lead: str | None
    reason: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Files:
    """The three files: each lead's landing page, rows of items, and each deal by its seller."""

    pages: Mapping[str, str]
    items: int
    deals: Mapping[str, Won]


@pytest.fixture(scope="module")
def files(reference_data: Path) -> Files:
    def rows(name: str) -> list[dict[str, str]]:
        with (reference_data / "data" / "olist" / name).open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    leads = {row["mql_id"]: row for row in rows("marketing_qualified_leads.csv")}
    items = rows("order_items_of_won_sellers.csv")
    sold: defaultdict[str, int] = defaultdict(int)
    for item in items:
        sold[item["seller_id"]] += int(Decimal(item["price"]) * 100)
    deals = {}
    for deal in rows("closed_deals.csv"):
        won_at = datetime.fromisoformat(deal["won_date"]).replace(tzinfo=UTC)
        lead = leads.get(deal["mql_id"])
        met_at = datetime.fromisoformat(lead["first_contact_date"]).replace(tzinfo=UTC) if lead else None
        in_time = met_at is not None and won_at - WINDOW < met_at <= won_at
        reason = None if in_time else "no_touch_in_window" if lead else "no_touch"
        deals[deal["seller_id"]] = Won(
            amount_minor=sold[deal["seller_id"]], lead=deal["mql_id"] if in_time else None, reason=reason
        )
    pages = {name: row["landing_page_id"] for name, row in leads.items()}
    return Files(pages=pages, items=len(items), deals=deals)


def test_the_run_is_clean_and_says_what_is_not_configured(funnel: Seen) -> None:
    assert funnel.exit_code == 0
    assert funnel.document["failed_checks"] == []
    assert funnel.document["run"]["failures"] == []
    assert funnel.document["run"]["skipped"] == [
        "costs: no source is configured",
        "Search Console: no property is configured",
        "gates: no site is configured",
    ]
    assert all(sentence in funnel.page for sentence in funnel.document["run"]["skipped"])
    for nothing in ("fct_gate_results", "fct_search_performance", "search_daily", "fct_costs", "attribution_mismatch"):
        assert funnel.analytics[nothing] == []


def test_every_row_of_the_files_is_accounted_for(funnel: Seen, files: Files) -> None:
    leads, pages = len(files.pages), len(set(files.pages.values()))
    assert (leads, pages, len(files.deals)) == (8000, 495, 842)
    assert funnel.balances == {
        ("events", "ledger"): dict.fromkeys(("incoming", "kept", "duplicate", "conflict", "rejected"), 0),
        ("file", "landing-pages"): {"incoming": leads, "kept": pages, "duplicate": leads - pages, "rejected": 0},
        ("file", "leads"): {"incoming": leads, "kept": leads, "duplicate": 0, "rejected": 0},
        ("file", "won-deals"): {"incoming": 842, "kept": 842, "duplicate": 0, "rejected": 0},
        ("file", "order-items"): {"incoming": files.items, "kept": files.items, "duplicate": 0, "rejected": 0},
    }


def test_each_landing_page_is_a_deliverable_and_each_lead_a_touch_of_it(funnel: Seen, files: Files) -> None:
    assert funnel.mart("dim_deliverables", "deliverable_id").keys() == set(files.pages.values())
    touches = funnel.mart("fct_touches", "touch_id")
    assert {name: row["deliverable_id"] for name, row in touches.items()} == files.pages
    assert {(row["contact_id"] == name, row["touch_type"]) for name, row in touches.items()} == {(True, "mql")}
    leads_of = Counter(files.pages.values())
    for name, row in funnel.mart("deliverable_performance", "deliverable_id").items():
        assert (row["touches"], row["mqls"]) == (leads_of[name], leads_of[name])


def test_each_won_deal_is_a_conversion_and_revenue_is_conserved_to_the_cent(funnel: Seen, files: Files) -> None:
    revenue = funnel.mart("fct_revenue", "conversion_id", "currency")
    assert {key: row["amount_minor"] for key, row in revenue.items()} == {
        (seller, "BRL"): won.amount_minor for seller, won in files.deals.items()
    }
    assert sum(row["amount_minor"] for row in revenue.values()) == 6_397_636
    for model in MODELS:
        credited = [row["credit_minor"] for row in funnel.analytics["fct_attribution_credit"] if row["model"] == model]
        assert sum(credited) == 6_397_636


def test_every_model_gives_each_deal_to_its_one_lead_or_says_why_to_none(funnel: Seen, files: Files) -> None:
    rows = funnel.mart("fct_attribution_credit", "conversion_id", "model")
    found = {
        key: (row["touch_id"], row["deliverable_id"], row["reason"], row["credit_minor"]) for key, row in rows.items()
    }
    assert found == {
        (seller, model): (won.lead, files.pages.get(won.lead or ""), won.reason, won.amount_minor)
        for seller, won in files.deals.items()
        for model in MODELS
    }


def test_what_nobody_gets_is_told_by_its_reason(funnel: Seen, files: Files) -> None:
    told: defaultdict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for won in files.deals.values():
        deals, amount = told[won.reason or "deliverable"]
        told[won.reason or "deliverable"] = (deals + 1, amount + won.amount_minor)
    split = funnel.mart("credit_split", "model", "went_to")
    assert {key: (row["conversions"], row["credit_minor"]) for key, row in split.items()} == {
        (model, went_to): figures for model in MODELS for went_to, figures in told.items()
    }
    assert told["deliverable"][0] > 0
    assert told["no_touch_in_window"][0] > 0
