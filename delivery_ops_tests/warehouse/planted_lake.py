"""One planted lake, by hand: every row is there for one figure or edge that ``test_marts`` states."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

from delivery_ops.lake import datasets

AS_OF = datetime(2026, 3, 30, 12, tzinfo=UTC)
EVER = datetime(1970, 1, 1, tzinfo=UTC)
WON = datetime(2026, 3, 20, tzinfo=UTC)
MATURED = AS_OF - timedelta(days=33)  # 30 days of window and 3 of search lag: 25 February, 12:00 UTC, 04:00 Pacific
PROPERTY = "sc-domain:acme.example"
OTHERS = "https://o'hara.example/"
INSIDE = "https://acme.example/"  # a URL prefix, all of whose pages the domain property has as well
LEFT = "sc-domain:left.example"  # configured once


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
        "page_key": deliverable_id,
        "gate": gate,
        "outcome": "fail" if verdict == "monitor" else verdict,
        "verdict": verdict,
        "evaluated_at": WON + timedelta(hours=number),
        "findings": "[]",
        "synthetic": False,
        "standing": True,
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
        deliverable("two pages", published_at=None, held=True),
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
        *(owns("two pages", page_key, published_at=WON) for page_key in ("one", "other")),
        owns("two pages", "third", valid_to=AS_OF, published_at=WON),
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
        found("credited", date(2026, 3, 26), 7, INSIDE, clicks=3),
        found("seen", date(2026, 3, 26), 6, INSIDE),
        found("two currencies", date(2026, 3, 26), 3, INSIDE),  # a day that the domain property is missing
        found("credited", date(2026, 3, 26), 7, LEFT, clicks=3),
        found("seen", date(2026, 3, 25), 1000, LEFT),
    ],
    datasets.SEARCH_TOTALS: [
        {"property": PROPERTY, "date": date(2026, 3, 26), "clicks": 9, "impressions": 99, "position": 3.5},
        {"property": PROPERTY, "date": date(2026, 3, 14), "clicks": 0, "impressions": 0, "position": None},
        {"property": LEFT, "date": date(2026, 3, 26), "clicks": 3, "impressions": 7, "position": 2.0},
    ],
    datasets.GATE_RESULTS: [
        judged(1, "credited", "schemaCheck", "fail", standing=False),
        judged(2, "credited", "schemaCheck", "pass"),
        judged(3, "credited", "seoTagsPresent", "monitor"),
        judged(4, "credited", "seoTagsPresent", "fail", synthetic=True, standing=False),
        judged(5, "met late", "schemaCheck", "error"),
        judged(6, "met late", "seoTagsPresent", "pass"),
        judged(7, "after", "schemaCheck", "error", page_key="moved"),
        judged(8, "after", "seoTagsPresent", "fail", page_key="moved"),
        # Judged last was the page that passes, and one that is withdrawn; the page that fails stands all the same.
        judged(9, "two pages", "schemaCheck", "fail", page_key="one"),
        judged(10, "two pages", "schemaCheck", "pass", page_key="other"),
        judged(11, "two pages", "schemaCheck", "error", page_key="third", standing=False),
        judged(12, "before", "schemaCheck", "pass", page_key="moved", standing=False),
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
