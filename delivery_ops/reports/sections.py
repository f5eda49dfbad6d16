"""The sections of the page: what ``ReportData`` holds, grouped and cut to what is worth reading.

Belongs here: one frozen record and one pure function for each part that the template repeats. Does not belong
here: wording (``words``), pictures (``charts``) and markup (``report.html.j2``). Long lists are cut here, and never
silently: whoever shows a cut list knows how many there are in all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from delivery_ops.reports.data import Balance, BalanceKind, ReportData
from delivery_ops.reports.marts import (
    ClientPerformance,
    CreditSplit,
    DeliverableCredit,
    DeliverablePerformance,
    GateFailure,
    Revenue,
    SearchDay,
)
from delivery_ops.reports.ratios import ratio
from delivery_ops.reports.words import WENT_TO, in_order, named

# A page of an operation with thousands of deliverables must still open on a phone; the marts have the rest.
ROWS_SHOWN = 100
FAILURES_OPEN = 10
TRENDS_SHOWN = 12
_CODES_SHOWN = 5

_BALANCES: dict[BalanceKind, tuple[str, str]] = {
    "events": ("Events into the ledger", "From"),
    "search": ("Search rows to deliverables", "Property"),
    "file": ("Rows of file sources", "Source"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class BalanceTable:
    """All balances of one kind; ``outcomes`` are the places that anything of this kind came out of."""

    title: str
    subject: str
    outcomes: tuple[str, ...]
    rows: tuple[Balance, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class GateGroup:
    """What one gate did not pass; ``frequent`` are the finding codes that several pages have."""

    gate: str
    total: int
    rows: tuple[GateFailure, ...]
    frequent: tuple[tuple[str, int], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class SplitCell:
    """An amount, net of refunds, and its share of what moved in its currency: absolute amounts among absolute ones."""

    amount_minor: int
    share: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class SplitRow:
    """One place where revenue went, a cell for each model; ``is_sum`` where the row adds others up."""

    name: str
    cells: tuple[SplitCell, ...]
    is_sum: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class CurrencySection:
    """Everything told about one currency that has moved."""

    revenue: Revenue
    top: tuple[DeliverableCredit, ...]
    splits: tuple[CreditSplit, ...]
    split_rows: tuple[SplitRow, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Trend:
    """One property's days and their sums."""

    days: tuple[SearchDay, ...]
    impressions: int
    clicks: int

    @property
    def click_rate(self) -> float | None:
        """Clicks among impressions, from the sums."""
        return ratio(self.clicks, self.impressions)


def told(rows: Sequence[ClientPerformance | DeliverablePerformance], columns: Iterable[str]) -> tuple[str, ...]:
    """Which ``columns`` say anything: those that are nought, or not known, for all ``rows`` are left out."""
    return tuple(name for name in columns if any(_says_something(getattr(row, name, None)) for row in rows))


def _says_something(value: object) -> bool:
    return bool(value) or isinstance(value, float)  # a rate of 0 is known


def balance_tables(balances: tuple[Balance, ...]) -> list[BalanceTable]:
    """One table a kind, in the order of the pipeline."""
    tables = []
    for kind, (title, subject) in _BALANCES.items():
        rows = tuple(balance for balance in balances if balance.kind == kind)
        outcomes = tuple(in_order(outcome for row in rows for outcome in row.outcomes))
        if rows:
            tables.append(BalanceTable(title=title, subject=subject, outcomes=outcomes, rows=rows))
    return tables


def gate_groups(failures: tuple[GateFailure, ...]) -> list[GateGroup]:
    """What each gate did not pass, in the order given."""
    groups = []
    for gate, members in groupby(failures, key=lambda row: row.gate):
        rows = tuple(members)
        codes = Counter(code for row in rows for code in {finding.code for finding in row.findings})
        frequent = sorted((item for item in codes.items() if item[1] > 1), key=lambda item: (-item[1], item[0]))
        groups.append(
            GateGroup(gate=gate, total=len(rows), rows=rows[:ROWS_SHOWN], frequent=tuple(frequent[:_CODES_SHOWN]))
        )
    return groups


def currency_sections(data: ReportData) -> list[CurrencySection]:
    """One section a currency; deals without any amount have nothing to divide."""
    return [
        CurrencySection(
            revenue=revenue,
            top=tuple(row for row in data.top_deliverables if row.currency == revenue.currency),
            splits=tuple(split for split in data.credit_splits if split.currency == revenue.currency),
            split_rows=_split_rows(data, revenue),
        )
        for revenue in data.revenue
        if revenue.volume_minor
    ]


def _split_rows(data: ReportData, revenue: Revenue) -> tuple[SplitRow, ...]:
    """Each reason and their sum, then what touches and deliverables carry, then all: the parts are the whole."""
    splits = [split for split in data.credit_splits if split.currency == revenue.currency]

    def row(name: str, members: list[CreditSplit], *, is_sum: bool = False) -> SplitRow:
        cells = []
        for model in data.models:
            of_model = [split for split in members if split.model == model]
            amount = sum(split.amount_minor for split in of_model)
            moved = sum(split.volume_minor for split in of_model)
            cells.append(SplitCell(amount_minor=amount, share=ratio(moved, revenue.volume_minor)))
        return SplitRow(name=name, cells=tuple(cells), is_sum=is_sum)

    def one_place(place: str) -> SplitRow:
        return row(named(place, WENT_TO), [split for split in splits if split.went_to == place])

    unattributed = [split for split in splits if split.is_unattributed]
    carried = dict.fromkeys(split.went_to for split in splits if not split.is_unattributed)
    return (
        *(one_place(reason) for reason in dict.fromkeys(split.went_to for split in unattributed)),
        row("unattributed", unattributed, is_sum=True),
        *(one_place(place) for place in carried),
        row("all revenue", splits, is_sum=True),
    )


def trends(search: tuple[SearchDay, ...]) -> list[Trend]:
    """The most seen properties, each with its days in order."""
    days: dict[str, list[SearchDay]] = {}
    for day in sorted(search, key=lambda day: day.date):
        days.setdefault(day.property, []).append(day)
    found = [
        Trend(
            days=tuple(of_property),
            impressions=sum(day.impressions for day in of_property),
            clicks=sum(day.clicks for day in of_property),
        )
        for of_property in days.values()
    ]
    return sorted(found, key=lambda trend: (-trend.impressions, trend.days[0].property))[:TRENDS_SHOWN]
