"""The answers at a glance: what the page's tiles and the terminal say in one line each.

Belongs here: the questions a report answers, in order, each with its figures and the section that has the rest.
Does not belong here: lists and tables (``sections``, ``summary``). Currencies stand beside each other, never added.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from delivery_ops.reports import words
from delivery_ops.reports.data import ReportData
from delivery_ops.reports.marts import Revenue
from delivery_ops.reports.ratios import ratio
from delivery_ops.reports.words import count, money, money_range, plural, share, short_day

_CURRENCIES_SHOWN = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """One question and its figures; ``section`` is where on the page the rest is."""

    section: str
    question: str
    figures: tuple[str, ...]
    note: str


def answers(data: ReportData) -> list[Answer]:
    """Every question that this run has an answer to."""
    return [_live(data), *_gates(data), *_revenue(data), *_mismatch(data), *_search(data), _balance(data)]


def unattributed(data: ReportData, revenue: Revenue) -> str:
    """``EUR 12.30 (4.5 %)``, the amount that no touch got and its share of ``base``.

    From the lowest to the highest where the models differ.
    """
    if not data.models:
        return words.NOTHING
    amounts = sorted(data.unattributed_minor(revenue, model) for model in data.models)
    of_all = dict.fromkeys(share(ratio(amount, revenue.volume_minor)) for amount in (amounts[0], amounts[-1]))
    return f"{money_range(amounts, revenue.currency)} ({' to '.join(of_all)})"


def base(revenue: Iterable[Revenue]) -> str:
    """What shares of ``revenue`` are shares of: where anything was refunded, that counts like what was earned."""
    is_net = all(each.volume_minor == each.amount_minor for each in revenue)
    return "revenue" if is_net else "revenue + refunds"


def _balance(data: ReportData) -> Answer:
    missing = sum(abs(balance.unaccounted) for balance in data.run.unaccounted)
    return Answer(
        section="balance",
        question="Balance",
        figures=(f"{count(missing)} unaccounted" if missing else "adds up",),
        note=f"{count(sum(balance.incoming for balance in data.run.balances))} events and rows in",
    )


def _live(data: ReportData) -> Answer:
    return Answer(
        section="deliverables",
        question="Live now",
        figures=(count(data.deliverables.live),),
        note=f"of {plural(data.deliverables.registered, 'deliverable')}",
    )


def _gates(data: ReportData) -> list[Answer]:
    if not data.gates:
        return []
    return [
        Answer(
            section="gates",
            question="Not passing a gate",
            figures=(count(len({row.deliverable_id for row in data.gate_failures})),),
            note=f"{count(data.deliverables.held)} held until they pass",
        )
    ]


def _revenue(data: ReportData) -> list[Answer]:
    moved = [revenue for revenue in data.revenue if revenue.volume_minor]
    if not moved:
        return []
    shown = moved[:_CURRENCIES_SHOWN]
    more = len(moved) - len(shown)
    rest = f"and {plural(more, 'more currency', 'more currencies')}" if more else ""
    return [
        Answer(
            section="revenue",
            question="Revenue",
            figures=tuple(f"{row.currency} {money(row.amount_minor, row.currency)}" for row in shown),
            note=rest or f"{plural(sum(row.conversions for row in moved), 'conversion')}",
        ),
        Answer(
            section="unattributed",
            question="Unattributed",
            figures=tuple(unattributed(data, row) for row in shown),
            note=rest or f"no touch to give it to; share of {base(shown)}",
        ),
    ]


def _mismatch(data: ReportData) -> list[Answer]:
    if not data.mismatch.judged:
        return []
    return [
        Answer(
            section="mismatch",
            question="Seen, met by nobody",
            figures=(share(data.mismatch.rate),),
            note=f"{count(len(data.mismatch.deliverables))} of {count(data.mismatch.judged)} deliverables",
        )
    ]


def _search(data: ReportData) -> list[Answer]:
    if not data.search:
        return []
    return [
        Answer(
            section="search",
            question="Search known up to",
            figures=(short_day(max(day.date for day in data.search)),),
            note=plural(len({day.property for day in data.search}), "property", "properties"),
        )
    ]
