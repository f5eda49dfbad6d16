"""Which pages are to be judged, as of the end of a date.

Belongs here: the rule, as a pure function. Does not belong here: reading pages and results, and judging.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from delivery_ops.deliverables.pages import PublishedPage
from delivery_ops.gates.results import GateResult

REJUDGED_AFTER = timedelta(hours=24)

PageGate = tuple[str, str, str]
"""(deliverable_id, page_key, gate)."""


def by_page_and_gate(results: Iterable[GateResult]) -> dict[PageGate, GateResult]:
    """``results``, one per page and gate, to be found by those."""
    return {(one.deliverable_id, one.page_key, one.gate): one for one in results}


def pages_due(
    pages: Sequence[PublishedPage],
    latest: Mapping[PageGate, GateResult],
    *,
    gates: Collection[str],
    day_end: datetime,
) -> list[PublishedPage]:
    """The pages live at ``day_end`` that some gate never judged, or could not measure when it last looked, or judged
    before they changed or more than 24 hours before ``day_end``. An ``error`` judges nothing: every run looks again."""
    return [
        page
        for page in pages
        if page.published_at < day_end
        and any(
            _is_due(page, latest.get((page.deliverable_id, page.page_key, gate)), day_end=day_end) for gate in gates
        )
    ]


def _is_due(page: PublishedPage, last: GateResult | None, *, day_end: datetime) -> bool:
    if last is None or last.outcome == "error" or page.changed_at > last.evaluated_at:
        return True
    return day_end - last.evaluated_at > REJUDGED_AFTER
