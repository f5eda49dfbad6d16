"""The records of a report that the published marts hold, one class a query of ``queries``.

Belongs here: frozen records without behaviour beyond their own arithmetic. Does not belong here: what only the
caller knows about a run (``data``) and how records are told (``page``, ``summary``). Money is integer minor units
and carries its ISO 4217 currency; no figure here adds two currencies. A ratio over nothing is ``None``, never zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from delivery_ops.reports.ratios import ratio, wilson_interval

Verdict = Literal["pass", "fail", "monitor", "error"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Publication:
    """Which run published the marts that the report reads: the one reported on, or an earlier one."""

    run_id: str
    published_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliverableCounts:
    """How many deliverables there are: registered at all, live now (a withdrawn page is not), held by a failed gate."""

    registered: int
    live: int
    held: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ClientPerformance:
    """What all deliverables of one client came to; ``client_id`` is "" for those of none.

    ``passing`` of ``measured`` deliverables pass every gate with every live page that was judged. ``cost_minor`` is by
    currency, ``credit_minor`` by currency and then model: money of two currencies is never one figure.
    """

    client_id: str
    deliverables: int
    live: int
    measured: int
    passing: int
    impressions: int
    clicks: int
    worked_minutes: int
    cost_minor: dict[str, int]
    credit_minor: dict[str, dict[str, int]]

    @property
    def pass_rate(self) -> float | None:
        """Deliverables that pass all gates, among those that could be measured."""
        return ratio(self.passing, self.measured)


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliverablePerformance:
    """One deliverable in all its figures; money as in ``ClientPerformance``.

    ``gate_state`` is the worst verdict that stands on any of its live pages, or "not_judged".
    """

    deliverable_id: str
    client_id: str
    published_at: datetime | None
    is_live: bool
    gate_state: str
    is_held: bool
    impressions: int
    clicks: int
    touches: int
    mqls: int
    deals: int
    worked_minutes: int
    cost_minor: dict[str, int]
    credit_minor: dict[str, dict[str, int]]


@dataclass(frozen=True, kw_only=True, slots=True)
class GateTally:
    """The verdicts of one gate that stand: the latest on every live page it has judged.

    It counts pages, since a page is what a gate judges; rates of deliverables are of ``ClientPerformance``.
    """

    gate: str
    passed: int
    failed: int
    monitored: int
    errored: int

    @property
    def evaluated(self) -> int:
        """Live pages with any verdict of this gate."""
        return self.passed + self.failed + self.monitored + self.errored

    @property
    def fail_rate(self) -> float | None:
        """Outcome ``fail`` (whichever the mode) among outcomes pass and fail; an ``error`` is neither."""
        failed = self.failed + self.monitored
        return ratio(failed, failed + self.passed)


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One reason of an outcome, in the gate's own plain words; ``where`` is None where it is the page as a whole."""

    code: str
    severity: str
    message: str
    where: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class GateFailure:
    """A live page whose latest verdict of ``gate`` is not a pass. ``verdict`` error = could not be measured.

    ``held`` is whether it fails and its deliverable is held.
    """

    gate: str
    verdict: Verdict
    deliverable_id: str
    client_id: str
    url: str
    held: bool
    evaluated_at: datetime
    findings: tuple[Finding, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Revenue:
    """All revenue of one currency: the whole that each model's credit splits of that currency sum to.

    ``amount_minor`` is net of refunds. ``volume_minor``, the sum of absolute amounts, is 0 only where none moved, and
    more than ``amount_minor`` only where something was refunded.
    """

    currency: str
    amount_minor: int
    volume_minor: int
    conversions: int
    credited_deliverables: int


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliverableCredit:
    """What one deliverable carries in one currency: credit by model, from ``deals`` of that currency."""

    deliverable_id: str
    client_id: str
    currency: str
    credit_minor: dict[str, int]
    deals: int
    gate_state: str
    impressions: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CreditSplit:
    """One part of what one model made of all revenue of one currency. The parts of a model are the whole.

    ``went_to`` is "deliverable", "no_deliverable" (a touch that belongs to no known deliverable), or the reason why
    no touch got it, which ``is_unattributed`` says. ``amount_minor`` is net of refunds, ``volume_minor`` the sum of
    absolute amounts: of all parts together it is the volume of the revenue.
    """

    currency: str
    model: str
    went_to: str
    is_unattributed: bool
    amount_minor: int
    volume_minor: int
    conversions: int


@dataclass(frozen=True, kw_only=True, slots=True)
class UnmetDeliverable:
    """A deliverable that people saw in search and that left no touch."""

    deliverable_id: str
    client_id: str
    url: str
    published_at: datetime
    impressions: int
    clicks: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Mismatch:
    """Deliverables seen but never met, among those seen often enough and for long enough to be judged."""

    judged: int
    judged_impressions: int
    deliverables: tuple[UnmetDeliverable, ...]

    @property
    def rate(self) -> float | None:
        """Mismatched among judged deliverables."""
        return ratio(len(self.deliverables), self.judged)

    @property
    def impression_rate(self) -> float | None:
        """The same, each deliverable weighted by its impressions."""
        return ratio(sum(row.impressions for row in self.deliverables), self.judged_impressions)

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's 95 % confidence interval of ``rate``."""
        return wilson_interval(len(self.deliverables), self.judged)


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchDay:
    """The totals of one property's complete day (a Pacific date). A day that was not exported has no record.

    Properties are never added up: a domain property contains its URL-prefix properties.
    """

    property: str
    client_id: str
    date: date
    impressions: int
    clicks: int
