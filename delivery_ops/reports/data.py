"""What a report is made of: the facts of its run, beside what the marts hold.

Belongs here: frozen records without behaviour beyond their own arithmetic. Does not belong here: the records of the
marts (``marts``), where they come from (``loading``) and how they are told (``page``, ``summary``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from delivery_ops.reports.marts import (
    ClientPerformance,
    CreditSplit,
    DeliverableCounts,
    DeliverableCredit,
    DeliverablePerformance,
    GateFailure,
    GateTally,
    Mismatch,
    Publication,
    Revenue,
    SearchDay,
)
from delivery_ops.reports.ratios import ratio

BalanceKind = Literal["events", "search", "file"]

_NO_DELIVERABLES = DeliverableCounts(registered=0, live=0, held=0)
_NO_MISMATCH = Mismatch(judged=0, judged_impressions=0, deliverables=())


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

    ``skipped`` are sentences about what the config does not have, ``retired`` about what it no longer has. ``changed``
    is False when the run met nothing that was not there before. ``zone`` is the operation's IANA zone, in which
    ``as_of`` is a date and all instants are told; ``config_option`` is what a command to be copied names the config by
    ("" where it is the default). The rules are those of the settings that the marts were made by.
    """

    operation: str
    zone: str
    config_option: str
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
    retired: tuple[str, ...] = ()
    changed: bool = True

    @property
    def duration(self) -> timedelta:
        """From the start to the finish of the run."""
        return self.finished_at - self.started_at

    @property
    def met_nothing_new(self) -> bool:
        """Something went in, and all of it was there before."""
        return not self.changed and any(balance.incoming for balance in self.balances)

    @property
    def rejected(self) -> dict[str, int]:
        """How many rows or events of each subject were refused; subjects without any are left out."""
        refused = {balance.subject: balance.outcomes.get("rejected", 0) for balance in self.balances}
        return {subject: number for subject, number in refused.items() if number}

    @property
    def unaccounted(self) -> tuple[Balance, ...]:
        """The balances that do not add up."""
        return tuple(balance for balance in self.balances if balance.unaccounted)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportData:
    """Everything a report tells. Sequences are in the order in which they are told."""

    run: RunFacts
    publication: Publication | None = None
    deliverables: DeliverableCounts = _NO_DELIVERABLES
    clients: tuple[ClientPerformance, ...] = ()
    performance: tuple[DeliverablePerformance, ...] = ()
    gates: tuple[GateTally, ...] = ()
    gate_failures: tuple[GateFailure, ...] = ()
    revenue: tuple[Revenue, ...] = ()
    top_deliverables: tuple[DeliverableCredit, ...] = ()
    credit_splits: tuple[CreditSplit, ...] = ()
    mismatch: Mismatch = _NO_MISMATCH
    search: tuple[SearchDay, ...] = ()

    @property
    def models(self) -> tuple[str, ...]:
        """The attribution models that divided the revenue."""
        return tuple(dict.fromkeys(split.model for split in self.credit_splits))

    def unattributed_minor(self, revenue: Revenue, model: str) -> int:
        """What ``model`` could give to no touch: the sum of absolute amounts, of ``revenue.volume_minor``.

        Net amounts would hide it: a deal and its refund that both belong to nobody cancel out (docs/attribution.md).
        """
        return sum(split.volume_minor for split in self.splits_of(revenue.currency, model) if split.is_unattributed)

    def unattributed_share(self, revenue: Revenue, model: str) -> float | None:
        """Absolute unattributed credit among absolute revenue, as ``volume_share`` in the mart ``credit_split``."""
        return ratio(self.unattributed_minor(revenue, model), revenue.volume_minor)

    def splits_of(self, currency: str, model: str) -> list[CreditSplit]:
        """Where the revenue of one currency went under one model."""
        return [split for split in self.credit_splits if (split.currency, split.model) == (currency, model)]
