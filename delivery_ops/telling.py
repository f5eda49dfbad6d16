"""What commands say: each result as text for people, or as one JSON document.

Belongs here: turning records of the rooms into lines. Does not belong here: consoles and progress (``terminal``),
and the end of a run, which ``reports.summary`` tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.table import Table

from delivery_ops import terminal
from delivery_ops.settings import Settings, option_of

if TYPE_CHECKING:
    from delivery_ops.attribution.run import AttributionSummary
    from delivery_ops.contracts.envelope import RecordedEvent
    from delivery_ops.daily_run import DailyRun
    from delivery_ops.gates.judge import Evaluation
    from delivery_ops.search_console.due import PropertySummary

_SIGNS = {
    "pass": "[green]✓ pass[/]",
    "fail": "[red]✕ fail[/]",
    "monitor": "[yellow]! monitor[/]",
    "error": "[red]? error[/]",
}

_QUERY = (
    "select deliverable_id, gate_state, impressions, deals, credit_currency, credit_linear_minor "
    "from analytics.deliverable_performance order by impressions desc"
)


def run(done: DailyRun, settings: Settings, *, as_json: bool) -> None:
    """The end of a daily run on one screen."""
    from delivery_ops.reports import summary

    if as_json:
        document = summary.as_json(done.data) | {"report": str(done.report), "failed_checks": list(done.failed_checks)}
        terminal.print_json(document)
        return
    option = option_of(settings.config_dir)
    places = summary.Places(
        report=done.report,
        lineage=f"delivery-ops up{option}",
        query=f'delivery-ops db shell{option} -c "{_QUERY}"',
        rejected=f"delivery-ops rejected{option}",
    )
    terminal.out.print(summary.screen(done.data, places))
    if done.failed_checks:
        terminal.say(f"Checks that failed: {', '.join(done.failed_checks)}")


def evaluations(judged: Sequence[Evaluation], *, as_json: bool) -> None:
    """What each gate found on one page."""
    if as_json:
        terminal.print_json({each.gate: _without(asdict(each), "gate") for each in judged})
        return
    for each in judged:
        terminal.out.print(f"{_SIGNS[each.verdict]}  [bold]{each.gate}[/]  ({each.mode}, rules {each.rules_version})")
        for finding in each.findings:
            where = f"  ({finding.where})" if finding.where else ""
            terminal.say(f"    {finding.severity} {finding.code}: {finding.message}{where}")


def event_line(event: RecordedEvent) -> str:
    """One event of a timeline: when, what, by whom, from where. Of an event about many deliverables only what it was,
    since its figures are of all of them together."""
    who = event.actor_role + (f" {event.actor_id}" if event.actor_id else "")
    is_of_many = event.deliverable_id is None
    told = str if is_of_many else (str, int, float, type(None))
    said = [f"{name}={value}" for name, value in event.payload.items() if isinstance(value, told)]
    number = len(event.deliverable_ids)
    facts = ", ".join([*said, f"about {number} deliverables"] if is_of_many and number > 1 else said)
    return f"{event.timestamp:%Y-%m-%d %H:%M:%S}Z  {event.event_type:<26} {who:<14} {event.source}  {facts}"


def attribution(summary: AttributionSummary, *, as_json: bool) -> None:
    """What every model made of the conversions."""
    if as_json:
        terminal.print_json(asdict(summary) | {"conserved": summary.conserved})
        return
    for taken in (summary.touches, summary.conversions):
        counts = f"{taken.rows} rows = {taken.kept} kept + {taken.duplicate} duplicate + {taken.rejected} rejected"
        terminal.say(f"{taken.file}: {counts}")
    table = Table("model", "currency", "conversions", "attributed", "unattributed", "sum", box=None)
    for total in summary.totals:
        unattributed = sum(total.unattributed_minor.values())
        figures = (total.conversions, total.attributed_minor, unattributed, total.credit_minor)
        table.add_row(total.model, total.currency, *map(str, figures))
    # As wide as it is, whatever the terminal's width: a figure is not to be cut.
    table.width = terminal.out.measure(table, options=terminal.out.options.update(max_width=1_000)).maximum
    terminal.out.print(table)
    said = "adds up to the revenue" if summary.conserved else "DOES NOT ADD UP to the revenue"
    terminal.out.print(f"Amounts are in minor units. Every model's credit {said}, in every currency.")
    for file in summary.files:
        terminal.say(f"  {file}")


def export(summary: PropertySummary, *, as_json: bool) -> None:
    """Which days of a property were exported, and which were not."""
    days = {
        "exported": summary.exported,
        "zero": summary.zero,
        "incomplete": summary.incomplete,
        "missing": summary.missing,
    }
    if as_json:
        error = summary.error.as_record() if summary.error else None
        spans = [{"start": each.start, "end": each.last} for each in summary.refused]
        told = {"property": summary.property_name, **days, "there_already": summary.there_already}
        terminal.print_json({**told, "refused": spans, "error": error})
        return
    for name, found in days.items():
        span = f": {found[0]} to {found[-1]}" if found else ""
        terminal.say(f"{name:<11} {len(found)} days{span}")
    if summary.there_already:
        terminal.say(f"{'there':<11} {summary.there_already} days before this call")
    for refused in summary.refused:
        terminal.say(f"not to be had: {refused.start} to {refused.last}")
    if summary.error:
        terminal.complain(summary.error, as_json=False)


def _without(record: dict[str, object], key: str) -> dict[str, object]:
    return {name: value for name, value in record.items() if name != key}
