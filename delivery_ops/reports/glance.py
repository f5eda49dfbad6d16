"""The answers at a glance: what the page's tiles and the terminal say in one line each.

Belongs here: the questions a report answers, in order, each with its figures and the section that has the rest.
Does not belong here: lists and tables (``sections``, ``summary``). Currencies stand beside each other, never added.
"""

from __future__ import annotations

from dataclasses import dataclass

from delivery_ops.reports.data import ReportData, Revenue
from delivery_ops.reports.words import count, money, plural, share, short_day

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
    return [_balance(data), _published(data), *_gates(data), *_revenue(data), *_mismatch(data), *_search(data)]


def unattributed(data: ReportData, revenue: Revenue) -> str:
    """``12.3 %``, or from the lowest to the highest share where the models differ."""
    shares = sorted(ratio for model in data.models if (ratio := data.unattributed_share(revenue, model)) is not None)
    return " to ".join(dict.fromkeys((share(shares[0]), share(shares[-1])))) if shares else share(None)


def _balance(data: ReportData) -> Answer:
    missing = sum(abs(balance.unaccounted) for balance in data.run.unaccounted)
    return Answer(
        section="balance",
        question="Balance",
        figures=(f"{count(missing)} unaccounted" if missing else "adds up",),
        note=f"{count(sum(balance.incoming for balance in data.run.balances))} events and rows in",
    )


def _published(data: ReportData) -> Answer:
    return Answer(
        section="gates",
        question="Published",
        figures=(count(data.deliverables.published),),
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
            figures=tuple(f"{unattributed(data, row)} of {row.currency}" for row in shown),
            note=rest or "no touch to give it to",
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
