"""The agency's truth in the shape in which the operation tells what it found.

Each function says one view or table whole, so that a test compares for equality: what was planted, and nothing else.
Names that only the product has (codes of findings and rejections, names of sources) are given to what was planted here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from delivery_ops.simulator import planted
from delivery_ops.simulator.expected_credit import MODELS
from delivery_ops.simulator.expected_search import SearchRow
from delivery_ops.simulator.records import Deliverable
from delivery_ops.simulator.truth import GATES, Truth

SOURCES = {
    "deliverables.csv": "project-tool",
    "touches.csv": "crm-touches",
    "deals.csv": "crm-deals",
    "revenue.csv": "billing",
    "costs.csv": "time-sheet",
}
REFUSED_EVENT_CODES = {
    "contract violation: no url": "contract_violation",
    "unknown event type": "unknown_event_type",
    "unknown deliverable": "unknown_deliverable",
}
REFUSED_ROW_CODES = {
    "touches.csv": ("invalid_instant", "unknown_deliverable"),
    "revenue.csv": ("invalid_amount",),
    "costs.csv": ("wrong_column_count",),
}
FINDING_CODES = {
    "no_json_ld": "jsonld_missing",
    "broken_json": "jsonld_syntax",
    "unknown_type": "type_unknown",
    "product_without_offer": "google_required",
    "no_description": "description_missing",
    "two_headings": "h1_repeated",
    "foreign_canonical": "canonical_elsewhere",
    "noindex_header": "robots_noindex",
}
NO_ANSWER_CODE = "invalid_response"

_PACIFIC = ZoneInfo("America/Los_Angeles")
_MATURED_AFTER = timedelta(days=30 + 3)
_SEEN_ENOUGH = 10

PropertyDay = tuple[str, date]


def refused_rows() -> dict[tuple[str, str], str]:
    """The code of every row refused, by (source, the line as it stands in the file)."""
    return {
        (SOURCES[name], line): code
        for name, lines in planted.REJECTED_ROWS.items()
        for line, code in zip(lines, REFUSED_ROW_CODES[name], strict=True)
    }


def kept_feed(truth: Truth) -> dict[tuple[str, str], tuple[str, str | None, datetime]]:
    """Type, subject and time of every event of the feed that was kept, by (source, key): the first of each key."""
    kept: dict[tuple[str, str], tuple[str, str | None, datetime]] = {}
    for event in truth.agency.events:
        key = (event.source, event.idempotency_key)
        if key not in truth.rejected_events:
            event_type = event.event_type.replace("scope.approved", "scope.accepted")
            kept.setdefault(key, (event_type, event.deliverable_id, event.timestamp))
    return kept


def finding_codes(truth: Truth) -> dict[tuple[str, str], str]:
    """What each gate finds, by (deliverable, gate), where it finds anything."""
    unreachable = {(planted.UNREACHABLE, gate): NO_ANSWER_CODE for gate in GATES}
    return {key: FINDING_CODES[defect] for key, defect in truth.defects.items()} | unreachable


def gate_state(truth: Truth, deliverable_id: str) -> str:
    """The worst outcome of the gates that judged it."""
    outcomes = {outcome for (name, _), outcome in truth.outcomes.items() if name == deliverable_id}
    return next((outcome for outcome in ("fail", "error", "pass") if outcome in outcomes), "not_judged")


def conversion_id(deal_key: str | None, revenue_id: str | None) -> str:
    """As the marts name a deal, or a row of revenue without one."""
    return deal_key or f"revenue:{SOURCES['revenue.csv']}:{revenue_id}"


def revenue(truth: Truth) -> dict[tuple[str, str], int]:
    """The amount of every conversion, by (conversion, currency)."""
    return {(conversion_id(c.deal_key, c.revenue_id), c.currency): c.amount_minor for c in truth.conversions}


def credit(truth: Truth) -> dict[tuple[str, str, str, str | None], tuple[str | None, str | None, int]]:
    """Deliverable, reason and amount of every credit, by (conversion, currency, model, touch)."""
    return {
        (conversion_id(c.deal_key, c.revenue_id), c.currency, c.model, c.touch_id): (
            c.deliverable_id,
            c.reason,
            c.credit_minor,
        )
        for c in truth.credits
    }


def performance(truth: Truth, now: datetime) -> dict[str, dict[str, Any]]:
    """The figures of every deliverable, by its id."""
    seen = _seen(truth, now)
    return {
        name: {
            "touches": planned.touches,
            "mqls": len(planned.mql_contacts),
            "deals": len(planned.conversions),
            "cost_minor": planned.cost_minor,
            "worked_minutes": planned.minutes,
            "impressions": sum(row.impressions for _, row in seen[name]),
            "clicks": sum(row.clicks for _, row in seen[name]),
            "gate_state": gate_state(truth, name),
            **_credit_of(truth, name),
        }
        for name, planned in truth.performance.items()
    }


def judged_for_mismatch(truth: Truth, now: datetime, as_of: datetime) -> dict[str, dict[str, Any]]:
    """Impressions within 30 days of publication and the touches ever of each deliverable that was seen enough and
    long enough ago at ``as_of``, and whether nobody touched it."""
    seen = _seen(truth, now)
    judged = {}
    for one in truth.agency.deliverables:
        if one.published_at and one.published_at + _MATURED_AFTER <= as_of:
            first, end = (
                instant.astimezone(_PACIFIC).date()
                for instant in (one.published_at, one.published_at + timedelta(days=30))
            )
            impressions = sum(row.impressions for day, row in seen[one.deliverable_id] if first <= day < end)
            touches = truth.performance[one.deliverable_id].touches
            if impressions >= _SEEN_ENOUGH:
                found = {"impressions": impressions, "touches": touches, "is_mismatch": touches == 0}
                judged[one.deliverable_id] = found
    return judged


def complete_days(truth: Truth, now: datetime) -> set[PropertyDay]:
    """Every (property, Pacific day) that is complete at ``now``."""
    return {
        (client.search_property, day)
        for client in truth.agency.clients
        for day in truth.complete_days(client.search_property, now)
    }


def search_log(truth: Truth, days: Iterable[PropertyDay]) -> dict[PropertyDay, dict[str, Any]]:
    """Status and counts of each of ``days``, which are complete."""
    log = {}
    for key in days:
        day = truth.search_days[key]
        matched = sum(row.deliverable_id is not None for row in day.pages)
        log[key] = {
            "status": "complete" if day.total else "zero",
            "rows": len(day.pages),
            "matched": matched,
            "unmatched": len(day.pages) - matched,
            "clicks": day.total.clicks if day.total else 0,
            "impressions": day.total.impressions if day.total else 0,
        }
    return log


def search_pages(
    truth: Truth, days: Iterable[PropertyDay]
) -> dict[tuple[str, date, str | None], tuple[str | None, int, int]]:
    """Owner, clicks and impressions of every page row of ``days``, by (property, day, page)."""
    return {
        (*key, row.page): (row.deliverable_id, row.clicks, row.impressions)
        for key in days
        for row in truth.search_days[key].pages
    }


def events_by_type(truth: Truth, now: datetime) -> Counter[str]:
    """How many events of each type one run leaves in the ledger: the feed's, and what the system says itself."""
    days = len(complete_days(truth, now))
    told = Counter(event_type for event_type, _, _ in kept_feed(truth).values())
    told.update(
        {
            "deliverable.registered": len(truth.agency.deliverables),
            "deliverable.held": len(truth.defects),
            "gate.evaluated": len(truth.outcomes),
            "ingest.conflict": truth.feed.conflict,
            "search_export.processed": days,
            "source.loaded": days + len(SOURCES),
        }
    )
    return told


def published_at(one: Deliverable) -> datetime | None:
    """In UTC, as a database gives it back."""
    return one.published_at.astimezone(UTC) if one.published_at else None


def _seen(truth: Truth, now: datetime) -> defaultdict[str, list[tuple[date, SearchRow]]]:
    """Every row of search of each deliverable, with its day, of the days complete at ``now``."""
    seen: defaultdict[str, list[tuple[date, SearchRow]]] = defaultdict(list)
    for property_, day in complete_days(truth, now):
        for row in truth.search_days[property_, day].pages:
            if row.deliverable_id:
                seen[row.deliverable_id].append((day, row))
    return seen


def _credit_of(truth: Truth, deliverable_id: str) -> dict[str, Any]:
    given = [credit for credit in truth.credits if credit.deliverable_id == deliverable_id]
    currencies = sorted({credit.currency for credit in given})
    return {
        "credit_currencies": len(currencies),
        "credit_currency": currencies[0] if len(currencies) == 1 else None,
        **dict(_model_sums(given, several=len(currencies) > 1)),
    }


def _model_sums(given: Iterable[Any], *, several: bool) -> Iterator[tuple[str, int | None]]:
    """Amounts of several currencies have no sum."""
    for model in MODELS:
        total = sum(credit.credit_minor for credit in given if credit.model == model)
        yield f"credit_{model}_minor", None if several else total
