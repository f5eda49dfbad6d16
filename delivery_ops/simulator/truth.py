"""What the product must find: everything planted, and every figure it must reach.

Belongs here: one record of expectations, computed from the invented records by other means than the product's.
Only tests import this module. Where the product has a name of its own for a thing (a finding's code, a rejection's
code), the truth names what was planted and leaves the name to the test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from delivery_ops.simulator import expected_search, planted
from delivery_ops.simulator.agency import build
from delivery_ops.simulator.expected_credit import Conversion, Credit, conversions, credits_of
from delivery_ops.simulator.expected_search import SearchDay
from delivery_ops.simulator.records import Agency

GATES = ("schemaCheck", "seoTagsPresent")
_ROWS: dict[str, Callable[[Agency], int]] = {
    "deliverables.csv": lambda agency: sum(d.in_file for d in agency.deliverables),
    "touches.csv": lambda agency: len(agency.touches),
    "deals.csv": lambda agency: len(agency.deals),
    "revenue.csv": lambda agency: len(agency.revenue),
    "costs.csv": lambda agency: len(agency.costs),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class PlantedBalance:
    """What of the invented records is given to the product, and what must become of it."""

    received: int
    kept: int
    duplicate: int = 0
    conflict: int = 0
    rejected: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Performance:
    """A deliverable's figures that no run changes; amounts in cents of EUR; conversions, refunds apart, as
    (deal_key, currency)."""

    touches: int
    mql_contacts: frozenset[str]
    conversions: frozenset[tuple[str, str]]
    cost_minor: int
    minutes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Truth:
    """The expectations for one seed.

    ``feed`` and ``files``: balances of the event feed and of each export. ``rejected_events``: what is wrong, by
    (source, idempotency key). ``defects``: what is wrong with a page, by (deliverable, gate). ``outcomes``: what a
    gate must measure, for every page that is up, by the same key. ``stages``: after the feed alone.
    ``illegal_moves``: how many, by deliverable. ``mismatches``: at the demo's instant, 2026-03-30T12:00Z.
    ``search_days``: by (property, Pacific day), once complete.
    """

    agency: Agency
    feed: PlantedBalance
    files: Mapping[str, PlantedBalance]
    rejected_events: Mapping[tuple[str, str], str]
    defects: Mapping[tuple[str, str], str]
    outcomes: Mapping[tuple[str, str], str]
    stages: Mapping[str, str]
    illegal_moves: Mapping[str, int]
    conversions: tuple[Conversion, ...]
    credits: tuple[Credit, ...]
    performance: Mapping[str, Performance]
    mismatches: tuple[str, ...]
    search_days: Mapping[tuple[str, date], SearchDay]

    def complete_days(self, search_property: str, now: datetime) -> list[date]:
        """The Pacific days of a property that are complete at ``now``."""
        client = next(c for c in self.agency.clients if c.search_property == search_property)
        return expected_search.complete_days(client, now)

    def stages_after_run(self, now: datetime) -> dict[str, str]:
        """Every stage once each page up was judged and each complete day exported: a failed gate holds a page in
        ``qa``, a row in search reports it."""
        failed = {deliverable for (deliverable, _), outcome in self.outcomes.items() if outcome == "fail"}
        judged = {deliverable for deliverable, _ in self.outcomes}
        seen = {
            row.deliverable_id
            for client in self.agency.clients
            for day in self.complete_days(client.search_property, now)
            for row in self.search_days[client.search_property, day].pages
        }
        return {
            name: stage if name not in judged else "report" if name in seen and name not in failed else "qa"
            for name, stage in self.stages.items()
        }


def truth_of(seed: int) -> Truth:
    """The expectations for the agency of ``seed``."""
    agency = build(seed)
    found = conversions(agency)
    return Truth(
        agency=agency,
        feed=_feed(agency),
        files={name: _file(name, rows(agency)) for name, rows in _ROWS.items()},
        rejected_events={
            ("cms", f"{planted.CONTRACT_BREAKER}/page.published/1"): "contract violation: no url",
            ("dam", f"{planted.MISNAMED}/{planted.UNKNOWN_EVENT_TYPE}/1"): "unknown event type",
            ("pm", f"{planted.STRANGER}/intake.received/1"): "unknown deliverable",
        },
        defects=_defects(),
        outcomes=_outcomes(agency),
        stages={d.deliverable_id: _stage(d.deliverable_id) for d in agency.deliverables},
        illegal_moves={planted.ILLEGAL_MOVE: 1},
        conversions=found,
        credits=tuple(credit for conversion in found for credit in credits_of(conversion)),
        performance={d.deliverable_id: _performance(agency, found, d.deliverable_id) for d in agency.deliverables},
        mismatches=(planted.MISMATCH,),
        search_days=expected_search.search_days(agency.clients, agency.sightings),
    )


def _feed(agency: Agency) -> PlantedBalance:
    received = len(agency.events)
    return PlantedBalance(received=received, kept=received - 5, duplicate=1, conflict=1, rejected=3)


def _file(name: str, good: int) -> PlantedBalance:
    rejected, duplicate = len(planted.REJECTED_ROWS.get(name, ())), int(name == planted.REPEATS_ITS_FIRST_ROW)
    return PlantedBalance(received=good + rejected + duplicate, kept=good, duplicate=duplicate, rejected=rejected)


def _defects() -> dict[tuple[str, str], str]:
    schema = {(name, "schemaCheck"): defect for name, defect in planted.SCHEMA_DEFECTS.items()}
    return schema | {(name, "seoTagsPresent"): defect for name, defect in planted.SEO_DEFECTS.items()}


def _outcomes(agency: Agency) -> dict[tuple[str, str], str]:
    defects = _defects()
    found = {}
    for d in agency.deliverables:
        if not d.url or d.deliverable_id == planted.UNPUBLISHED:
            continue
        for gate in GATES:
            outcome = "fail" if (d.deliverable_id, gate) in defects else "pass"
            found[d.deliverable_id, gate] = "error" if d.deliverable_id == planted.UNREACHABLE else outcome
    return found


def _stage(deliverable_id: str) -> str:
    after_publication = "review" if deliverable_id == planted.UNPUBLISHED else "publish"
    return planted.IN_THE_MAKING.get(deliverable_id, after_publication)


def _performance(agency: Agency, found: tuple[Conversion, ...], deliverable_id: str) -> Performance:
    touches = [touch for touch in agency.touches if touch.deliverable_id == deliverable_id]
    costs = [cost for cost in agency.costs if cost.deliverable_id == deliverable_id]
    return Performance(
        touches=len(touches),
        mql_contacts=frozenset(touch.contact_id for touch in touches if touch.touch_type == "mql"),
        conversions=frozenset(
            (conversion.deal_key, conversion.currency)
            for conversion in found
            if conversion.deal_key
            and not conversion.is_refund
            and any(touch.deliverable_id == deliverable_id for touch in conversion.eligible)
        ),
        cost_minor=sum(cost.amount_minor for cost in costs),
        minutes=sum(cost.minutes or 0 for cost in costs),
    )
