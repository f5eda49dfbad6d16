"""The end of a run in the terminal: one screen for people, one JSON document for programs.

Belongs here: what fits 40 lines of 100 columns; the page has the rest. Does not belong here: lines and columns
(``layout``), and printing, which the command line does. Both are pure functions of ``ReportData``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from delivery_ops.reports import words
from delivery_ops.reports.data import Balance, BalanceKind, ReportData, RunFacts
from delivery_ops.reports.glance import base, unattributed
from delivery_ops.reports.layout import COLUMNS, Screen, first, line, sentences, table, wrapped
from delivery_ops.reports.marts import DeliverableCredit

_FAILURES_SHOWN = 2
_FAILURE_LINES = 4  # in all: one failure may take them, two share them
_RETIRED_LINES, _SKIPPED_LINES = 2, 2  # of the latter as many more as failures leave
_GATE_LINES = 4
_CURRENCY_LINES = 3
_TOP_SHOWN, _TOP_SHOWN_EACH = 5, 2

_KINDS: dict[BalanceKind, str] = {"events": "events", "search": "search rows", "file": "file rows"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Places:
    """Where to go on: the page, and the commands that open the lineage, query the marts and list what was rejected."""

    report: Path
    lineage: str
    query: str
    rejected: str


def screen(data: ReportData, places: Places) -> Screen:
    """At most 40 lines of 100 columns: balance, verdicts, top deliverables, unattributed share, where to go on.

    The last lines are paths and commands to be copied, and never broken: print it to a console that wraps softly.
    """
    parts: list[RenderableType] = [_heading(data.run), *_troubles(data.run), Text()]
    parts += [*_balances(data.run), Text(), *_gates(data), Text(), _top(data), *_unattributed(data), Text()]
    return Screen((*parts, *_places(places, data.run)))


def as_json(data: ReportData) -> dict[str, Any]:
    """The report as one document ready for JSON, with the ratios that its records compute; dates as ISO 8601."""
    return asdict(data, dict_factory=_plain) | {
        "balanced": not data.run.unaccounted,
        "mismatch_rate": data.mismatch.rate,
        "mismatch_interval_95": data.mismatch.interval,
        "unattributed_share": [
            {
                "currency": revenue.currency,
                "model": model,
                "volume_minor": data.unattributed_minor(revenue, model),
                "of_volume_minor": revenue.volume_minor,
                "share": data.unattributed_share(revenue, model),
            }
            for revenue in data.revenue
            for model in data.models
        ],
    }


def _plain(fields: list[tuple[str, Any]]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in fields}


def _heading(run: RunFacts) -> Text:
    made = words.instant(run.finished_at, ZoneInfo(run.zone))
    rest = f": run for {words.short_day(run.as_of)}, made at {made} in {words.duration(run.duration)}"
    return Text.assemble(line(run.operation, "bold", width=COLUMNS - len(rest)), line(rest))


def _troubles(run: RunFacts) -> Iterator[Text]:
    """What could not be done, before anything else; then what is no longer there, and what was not asked for."""
    if run.failures:
        number = words.plural(len(run.failures), "thing")
        rest = "has all, with what to do" if len(run.failures) > _FAILURES_SHOWN else "says what to do"
        yield line(f"✕ {number} could not be measured or exported: the report {rest}", "bold red")
    shown = run.failures[:_FAILURES_SHOWN]
    for failure in shown:
        yield wrapped(f"{failure.what} {failure.subject}: {failure.cause}", lines=_FAILURE_LINES // len(shown))
    if run.retired:
        yield sentences("Retired", run.retired, lines=_RETIRED_LINES)
    if run.skipped:
        yield sentences(
            "Not done", run.skipped, lines=_SKIPPED_LINES if run.failures else _SKIPPED_LINES + _FAILURE_LINES // 2
        )


def _balances(run: RunFacts) -> Iterator[RenderableType]:
    """One line a kind, summed over its sources: events and rows add up, unlike currencies."""
    said = "  Nothing new: all that this run met was there before." if run.met_nothing_new else ""
    yield Text.assemble(("Balance", "bold"), (said, "bold green"))
    rows = Table.grid(padding=(0, 2))
    for kind, name in _KINDS.items():
        if balances := [balance for balance in run.balances if balance.kind == kind]:
            rows.add_row(f"  {name}", line(_equation(balances), width=COLUMNS - 32), _verdict(balances))
    yield rows if run.balances else line("  nothing went in")
    if run.rejected:
        told = ", ".join(f"{words.count(number)} of {subject}" for subject, number in run.rejected.items())
        yield wrapped(f"Rejected, and kept with the reason: {told}", lines=2, style="yellow")


def _equation(balances: list[Balance]) -> str:
    outcomes: Counter[str] = Counter()
    for balance in balances:
        outcomes.update(balance.outcomes)
    incoming = sum(balance.incoming for balance in balances)
    if not incoming and not any(outcomes.values()):
        return "none"
    told = " + ".join(
        f"{words.count(outcomes[outcome])} {words.named(outcome, words.OUTCOMES)}"
        for outcome in words.in_order(outcomes)
    )
    return f"{words.count(incoming)} in = {told}"


def _verdict(balances: list[Balance]) -> Text:
    missing = sum(abs(balance.unaccounted) for balance in balances)
    return Text(f"✕ {words.count(missing)} unaccounted", "bold red") if missing else Text("✓ adds up", "green")


def _gates(data: ReportData) -> Iterator[RenderableType]:
    if not data.gates:
        yield line("No gate has judged a page yet.")
        return
    shown, more = first(data.gates, lines=_GATE_LINES)
    rows = [
        (
            gate.gate,
            [
                Text(words.count(gate.passed), "green"),
                Text(words.count(gate.failed), "bold red" if gate.failed else ""),
                Text(words.count(gate.monitored)),
                Text(words.count(gate.errored)),
            ],
        )
        for gate in shown
    ]
    yield table(["Gates", "pass", "fail", "monitored only", "not measured"], rows)
    if more:
        yield line(f"  and {more} more, which the report has")


def _top(data: ReportData) -> RenderableType:
    if not data.top_deliverables:
        return line("No deliverable carries revenue.")
    models = [words.named(model, words.MODELS) for model in data.models]
    rows = [
        (
            row.deliverable_id,
            [
                Text(words.named(row.gate_state, words.GATE_STATES)),
                Text(words.count(row.impressions)),
                Text(words.count(row.deals)),
                Text(row.currency),
                *(Text(words.money(row.credit_minor.get(model, 0), row.currency)) for model in data.models),
            ],
        )
        for row in _top_rows(data)
    ]
    return table(["Top deliverables", "gates", "impressions", "deals", "credit", *models], rows)


def _top_rows(data: ReportData) -> list[DeliverableCredit]:
    """The first few of the first few currencies, in the currencies' order."""
    of_currency = {
        revenue.currency: [row for row in data.top_deliverables if row.currency == revenue.currency]
        for revenue in data.revenue
    }
    told, _ = first([rows for rows in of_currency.values() if rows], lines=_CURRENCY_LINES)
    each = _TOP_SHOWN if len(told) == 1 else _TOP_SHOWN_EACH
    return [row for rows in told for row in rows[:each]]


def _unattributed(data: ReportData) -> Iterator[Text]:
    shown, more = first([revenue for revenue in data.revenue if revenue.volume_minor], lines=_CURRENCY_LINES)
    for revenue in shown:
        whole = f"{revenue.currency} {words.money(revenue.volume_minor, revenue.currency)} {base([revenue])}"
        yield Text.assemble(("Unattributed: ", "bold"), f"{unattributed(data, revenue)} of {whole}")
    if more:
        yield line(f"  and {words.plural(more, 'more currency', 'more currencies')}, which the report has")
    if data.mismatch.judged:
        number = (
            f"{words.count(len(data.mismatch.deliverables))} of {words.plural(data.mismatch.judged, 'deliverable')}"
        )
        yield Text.assemble(
            ("Seen in search, met by nobody: ", "bold"), f"{number} ({words.share(data.mismatch.rate)})"
        )


def _places(places: Places, run: RunFacts) -> Iterator[Text]:
    found = [("Report", str(places.report)), ("Lineage", places.lineage), ("Query", places.query)]
    for name, place in [("Rejected", places.rejected), *found] if run.rejected else found:
        told = words.printable(place)
        yield Text.assemble((f"{name:<9}", "bold"), told, no_wrap=True, overflow="ignore")
