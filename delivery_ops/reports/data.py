"""The records a report is made of, and the few ratios that follow from them.

Belongs here: frozen records without behaviour beyond their own arithmetic. Does not belong here: where they come
from (``loading``) and how they are told (``page``, ``summary``). Money is integer minor units and carries its ISO
4217 currency; no figure here adds two currencies. A ratio over nothing is ``None``, never zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from delivery_ops.reports.ratios import ratio, wilson_interval

Verdict = Literal["pass", "fail", "monitor", "error"]
BalanceKind = Literal["events", "search", "file"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Balance:
    """What went in and every place it came out of: ``incoming`` = the sum of ``outcomes`` (design law 5).

    ``subject`` names what was counted: "ledger", a Search Console property, or a file source.
    """

    kind: BalanceKind
    subject: str
    incoming: int
    outcomes: dict[str, int]

    @property
    def unaccounted(self) -> int:
        """How many came out nowhere (negative: came out that never went in). Anything but 0 is a defect."""
        return self.incoming - sum(self.outcomes.values())


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """One thing this run could not measure or export, while it went on with the others."""

    what: str
    subject: str
    cause: str
    remedy: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RunFacts:
    """What only the caller knows about a run.

    ``skipped`` are sentences about what the config does not have. ``changed`` is False when the run met nothing
    that was not there before. ``zone`` is the operation's IANA zone, in which ``as_of`` is a date and all instants
    are told. The rules are those of the settings that the marts were made by.
    """

    operation: str
    zone: str
    run_id: str
    as_of: date
    started_at: datetime
    finished_at: datetime
    attribution_window_days: int
    mismatch_window_days: int
    mismatch_min_impressions: int
    balances: tuple[Balance, ...] = ()
    failures: tuple[Failure, ...] = ()
    skipped: tuple[str, ...] = ()
    changed: bool = True

    @property
    def duration(self) -> timedelta:
        """From the start to the finish of the run."""
        return self.finished_at - self.started_at

    @property
    def unaccounted(self) -> tuple[Balance, ...]:
        """The balances that do not add up."""
        return tuple(balance for balance in self.balances if balance.unaccounted)


@dataclass(frozen=True, kw_only=True, slots=True)
class Publication:
    """Which run published the marts that the report reads: the one reported on, or an earlier one."""

    run_id: str
    published_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliverableCounts:
    """How many deliverables there are: registered at all, published by now, held by a failed gate."""

    registered: int
    published: int
    held: int


@dataclass(frozen=True, kw_only=True, slots=True)
class GateTally:
    """The latest verdict of one gate on every deliverable it has judged."""

    gate: str
    passed: int
    failed: int
    monitored: int
    errored: int

    @property
    def evaluated(self) -> int:
        """Deliverables with any verdict of this gate."""
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
    """A deliverable whose latest verdict of ``gate`` is not a pass. ``verdict`` error = could not be measured."""

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

    ``volume_minor`` is the sum of absolute amounts, the denominator of shares: refunds do not shrink it.
    """

    currency: str
    amount_minor: int
    volume_minor: int
    conversions: int
    credited_deliverables: int


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliverableCredit:
    """What one deliverable carries in one currency: credit by model, beside how it was seen and met."""

    deliverable_id: str
    client_id: str
    currency: str
    credit_minor: dict[str, int]
    impressions: int
    clicks: int
    touches: int
    mqls: int
    deals: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CreditSplit:
    """One part of what one model made of all revenue of one currency. The parts of a model are the whole.

    ``went_to`` is "deliverable", "no_deliverable" (a touch that belongs to no known deliverable), or the reason why
    no touch got it, which ``is_unattributed`` says. ``volume_minor`` as in ``Revenue``.
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


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportData:
    """Everything a report tells. Sequences are in the order in which they are told."""

    run: RunFacts
    publication: Publication | None = None
    deliverables: DeliverableCounts = DeliverableCounts(registered=0, published=0, held=0)
    gates: tuple[GateTally, ...] = ()
    gate_failures: tuple[GateFailure, ...] = ()
    revenue: tuple[Revenue, ...] = ()
    top_deliverables: tuple[DeliverableCredit, ...] = ()
    credit_splits: tuple[CreditSplit, ...] = ()
    mismatch: Mismatch = Mismatch(judged=0, judged_impressions=0, deliverables=())
    search: tuple[SearchDay, ...] = ()

    @property
    def models(self) -> tuple[str, ...]:
        """The attribution models that divided the revenue."""
        return tuple(dict.fromkeys(split.model for split in self.credit_splits))

    def unattributed_share(self, revenue: Revenue, model: str) -> float | None:
        """What ``model`` could give to no touch, among all volume of ``revenue.currency``."""
        splits = [split for split in self.splits_of(revenue.currency, model) if split.is_unattributed]
        return ratio(sum(split.volume_minor for split in splits), revenue.volume_minor)

    def splits_of(self, currency: str, model: str) -> list[CreditSplit]:
        """Where the revenue of one currency went under one model."""
        return [split for split in self.credit_splits if (split.currency, split.model) == (currency, model)]
