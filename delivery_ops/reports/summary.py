"""The end of a run in the terminal: one screen for people, one JSON document for programs.

Belongs here: what fits 40 lines of 100 columns; the page has the rest. Does not belong here: printing itself, which
the command line does. Both are pure functions of ``ReportData``.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from delivery_ops.reports import words
from delivery_ops.reports.data import Balance, BalanceKind, ReportData, RunFacts
from delivery_ops.reports.glance import unattributed
from delivery_ops.reports.marts import DeliverableCredit

COLUMNS = 100
_FAILURES_SHOWN = 2
_FAILURE_LINES = 4  # in all: one failure may take them, two share them
_SKIPPED_SHOWN = 1
_GATES_SHOWN = 5
_CURRENCIES_SHOWN = 3
_TOP_SHOWN, _TOP_SHOWN_EACH = 5, 2
_NAME_WIDTH, _LEAST_NAME_WIDTH = 36, 12

_KINDS: dict[BalanceKind, str] = {"events": "events", "search": "search rows", "file": "file rows"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Places:
    """Where to go on: the page, what opens the lineage, and a command that queries the marts."""

    report: Path
    lineage: str
    query: str


@dataclass(frozen=True, slots=True)
class Screen:
    """Lines laid out for 100 columns whatever the console is, so that a pipe or a log loses no figure."""

    parts: tuple[RenderableType, ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from console.render(Group(*self.parts), options.update_width(COLUMNS))


def screen(data: ReportData, places: Places) -> Screen:
    """At most 40 lines of 100 columns: balance, verdicts, top deliverables, unattributed share, where to go on.

    The last lines are paths and commands to be copied, and never broken: print it to a console that wraps softly.
    """
    parts: list[RenderableType] = [_heading(data.run), *_troubles(data.run), Text()]
    parts += [*_balances(data.run), Text(), _gates(data), Text(), _top(data), *_unattributed(data), Text()]
    return Screen((*parts, *_places(places)))


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
                "amount_minor": data.unattributed_minor(revenue, model),
                "of_minor": revenue.amount_minor,
                "share": data.unattributed_share(revenue, model),
            }
            for revenue in data.revenue
            for model in data.models
        ],
    }


def _plain(fields: list[tuple[str, Any]]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in fields}


def _line(text: str, style: str = "", *, width: int = COLUMNS) -> Text:
    return Text(_told(text, width), style=style, no_wrap=True, overflow="ellipsis")


def _told(text: str, width: int) -> str:
    """``text`` on one line, its indentation kept."""
    indent = text[: len(text) - len(text.lstrip(" "))]
    return words.shortened(indent + words.printable(" ".join(text.split())), width)


def _heading(run: RunFacts) -> Text:
    made = words.instant(run.finished_at, ZoneInfo(run.zone))
    rest = f": run for {words.short_day(run.as_of)}, made at {made} in {words.duration(run.duration)}"
    return Text.assemble(_line(run.operation, "bold", width=COLUMNS - len(rest)), _line(rest))


def _troubles(run: RunFacts) -> Iterator[Text]:
    """What could not be done, before anything else; then what was not asked for."""
    if run.failures:
        number = words.plural(len(run.failures), "thing")
        yield _line(f"✕ {number} could not be measured or exported", "bold red")
    shown = run.failures[:_FAILURES_SHOWN]
    for failure in shown:
        yield _wrapped(f"{failure.what} {failure.subject}: {failure.cause}", lines=_FAILURE_LINES // len(shown))
    if len(run.failures) > _FAILURES_SHOWN:
        yield _line(f"  and {len(run.failures) - _FAILURES_SHOWN} more: the report has all, with what to do")
    for sentence in run.skipped[:_SKIPPED_SHOWN]:
        yield _line(f"Not configured: {sentence}", "dim")
    if len(run.skipped) > _SKIPPED_SHOWN:
        more = words.plural(len(run.skipped) - _SKIPPED_SHOWN, "thing")
        yield _line(f"Not configured: {more} more, which the report names", "dim")


def _wrapped(text: str, *, lines: int) -> Text:
    """``text`` over as many lines as it needs, up to ``lines``; a character may be two cells wide."""
    told = words.printable(" ".join(text.split()))
    width = COLUMNS - 2 if cell_len(told) == len(told) else COLUMNS // 2 - 1
    wrapped = textwrap.wrap(told, width, max_lines=lines, placeholder=" …")
    return Text("\n".join(f"  {line}" for line in wrapped), no_wrap=True)


def _balances(run: RunFacts) -> Iterator[RenderableType]:
    """One line a kind, summed over its sources: events and rows add up, unlike currencies."""
    yield _line("Balance", "bold")
    table = Table.grid(padding=(0, 2))
    for kind, name in _KINDS.items():
        if rows := [balance for balance in run.balances if balance.kind == kind]:
            table.add_row(f"  {name}", _line(_equation(rows), width=COLUMNS - 32), _verdict(rows))
    yield table if run.balances else _line("  nothing went in")
    if run.rejected:
        told = ", ".join(f"{words.count(number)} of {subject}" for subject, number in run.rejected.items())
        said = _wrapped(f"Rejected: {told}. To see why: delivery-ops rejected", lines=2)
        said.stylize("yellow")
        yield said
    if run.met_nothing_new:
        yield _line("  Nothing new: all that this run met was there before.", "bold green")


def _equation(balances: list[Balance]) -> str:
    outcomes: Counter[str] = Counter()
    for balance in balances:
        outcomes.update(balance.outcomes)
    incoming = sum(balance.incoming for balance in balances)
    told = " + ".join(
        f"{words.count(outcomes[outcome])} {words.named(outcome, words.OUTCOMES)}"
        for outcome in words.in_order(outcomes)
    )
    return f"{words.count(incoming)} in = {told}"


def _verdict(balances: list[Balance]) -> Text:
    missing = sum(abs(balance.unaccounted) for balance in balances)
    return Text(f"✕ {words.count(missing)} unaccounted", "bold red") if missing else Text("✓ adds up", "green")


def _gates(data: ReportData) -> RenderableType:
    if not data.gates:
        return _line("No gate has judged a page yet.")
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
        for gate in data.gates[:_GATES_SHOWN]
    ]
    return _table(["Gates", "pass", "fail", "monitored only", "not measured"], rows)


def _top(data: ReportData) -> RenderableType:
    if not data.top_deliverables:
        return _line("No deliverable carries revenue.")
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
    return _table(["Top deliverables", "gates", "impressions", "deals", "credit", *models], rows)


def _top_rows(data: ReportData) -> list[DeliverableCredit]:
    """The first few of the first few currencies, in the currencies' order."""
    of_currency = {
        revenue.currency: [row for row in data.top_deliverables if row.currency == revenue.currency]
        for revenue in data.revenue
    }
    told = [rows for rows in of_currency.values() if rows][:_CURRENCIES_SHOWN]
    each = _TOP_SHOWN if len(told) == 1 else _TOP_SHOWN_EACH
    return [row for rows in told for row in rows[:each]]


def _unattributed(data: ReportData) -> Iterator[Text]:
    for revenue in [revenue for revenue in data.revenue if revenue.volume_minor][:_CURRENCIES_SHOWN]:
        amount = words.money(revenue.amount_minor, revenue.currency)
        yield Text.assemble(("Unattributed: ", "bold"), f"{unattributed(data, revenue)} of {revenue.currency} {amount}")
    if data.mismatch.judged:
        number = (
            f"{words.count(len(data.mismatch.deliverables))} of {words.plural(data.mismatch.judged, 'deliverable')}"
        )
        yield Text.assemble(
            ("Seen in search, met by nobody: ", "bold"), f"{number} ({words.share(data.mismatch.rate)})"
        )


def _places(places: Places) -> Iterator[Text]:
    for name, place in (("Report", str(places.report)), ("Lineage", places.lineage), ("Query", places.query)):
        told = words.printable(place)
        yield Text.assemble((f"{name:<9}", "bold"), told, no_wrap=True, overflow="ignore")


def _table(headers: list[str], rows: list[tuple[str, list[Text]]]) -> Table:
    """Figures right-aligned and whole; the names before them get the width that the figures leave."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    figures = [max(map(len, column)) for column in zip(headers[1:], *(cells for _, cells in rows), strict=True)]
    width = max(COLUMNS - sum(figures) - 2 * len(figures), _LEAST_NAME_WIDTH)
    table.add_column(words.shortened(headers[0], width), no_wrap=True)
    for header in headers[1:]:
        table.add_column(header, justify="right", no_wrap=True)
    for name, cells in rows:
        table.add_row(Text(f"  {_told(name, min(width - 2, _NAME_WIDTH))}"), *cells)
    return table
