"""The ``delivery-ops`` command: parses, calls a domain function, prints.

Belongs here: commands, their options and help. Does not belong here: any work. Rooms are imported by the command
that needs them: Dagster takes three seconds to import and Great Expectations up to ten.
"""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from delivery_ops import progress, telling, terminal
from delivery_ops import settings as settings_module
from delivery_ops.errors import BadUsage, DeliveryOpsError
from delivery_ops.settings import CONFIG_VARIABLE, Settings

if TYPE_CHECKING:
    from delivery_ops.database.roles import Role

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="markdown")
db, events, gate, attribution, search_console = (typer.Typer(no_args_is_help=True) for _ in range(5))
app.add_typer(db, name="db", help="The operation's database.")
app.add_typer(events, name="events", help="The ledger: append events, read timelines.")
app.add_typer(gate, name="gate", help="Quality gates on their own.")
app.add_typer(attribution, name="attribution", help="Attribution models on anybody's files.")
app.add_typer(search_console, name="search-console", help="The Search Console export on its own.")

Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="DIR", help=f"Config directory. [default: ${CONFIG_VARIABLE}, else data/demo]"),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
Day = Annotated[
    datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="Date in the operation's zone; default today.")
]


_ROLES = "owner, writer, folder, publisher, dagster, reader or analyst."


@app.callback()
def about() -> None:
    """The control plane for marketing-agency delivery: who published what, did it work, what did it earn."""


@app.command()
def demo(config: Config = None, as_json: Json = False) -> None:
    """Run a simulated agency's four weeks through the whole pipeline, and say where to look."""
    from delivery_ops.demo import run_demo

    settings = _load(config)
    with terminal.progress_shown():
        outcome = run_demo(settings)
    telling.run(outcome.run, settings, as_json=as_json)
    raise typer.Exit(terminal.DONE if outcome.run.is_clean else terminal.FAILED_CHECK)


@app.command()
def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write it; made where missing.")],
) -> None:
    """Write a commented config directory for a new operation."""
    from delivery_ops import starter

    file = starter.write(directory)
    terminal.out.print(f"Wrote {file}. Edit it, then: delivery-ops run --config {directory}")


@app.command()
def run(date: Day = None, config: Config = None, as_json: Json = False) -> None:
    """Do the daily run as of a date: load, export, judge, transform, publish, report."""
    from delivery_ops.daily_run import run_daily

    settings = _load(config)
    with terminal.progress_shown():
        outcome = run_daily(settings, on=date.date() if date else None)
    telling.run(outcome, settings, as_json=as_json)
    raise typer.Exit(terminal.DONE if outcome.is_clean else terminal.FAILED_CHECK)


@app.command()
def up(
    config: Config = None,
    port: Annotated[int, typer.Option(help="Port of Dagster's webserver on 127.0.0.1.")] = 3000,
) -> None:
    """Start PostgreSQL and Dagster (webserver, daemon) and keep them running until Ctrl-C."""
    from delivery_ops import dagster_home, processes
    from delivery_ops.database.opening import open_database

    settings = _load(config)
    environment = dagster_home.prepare(settings, open_database(settings))
    processes.up(settings, environment=environment, port=port, say=terminal.out.print)


@app.command()
def down(
    config: Config = None,
    force: Annotated[bool, typer.Option("--force", help="Stop PostgreSQL even while others are connected.")] = False,
) -> None:
    """Stop everything of the operation, the embedded PostgreSQL too."""
    from delivery_ops import processes
    from delivery_ops.database import server

    settings = _load(config)
    if processes.end_up(settings):
        terminal.out.print("Ended the processes of `up`.")
    stopped = server.stop(settings, force=force)
    terminal.out.print("Stopped PostgreSQL." if stopped else "PostgreSQL was not running.")


@db.command("url")
def db_url(role: Annotated[str, typer.Option(help=_ROLES)], config: Config = None) -> None:
    """Print a login for BI tools, a notebook or psql. It holds a password."""
    from delivery_ops.database.opening import open_database

    terminal.out.print(open_database(_load(config)).url(_role(role)), markup=False)


@db.command("shell", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def db_shell(
    context: typer.Context, role: Annotated[str, typer.Option(help=_ROLES)] = "analyst", config: Config = None
) -> None:
    """Open psql on the operation's database; what follows is psql's, such as -c "table analytics.run"."""
    from delivery_ops.database import psql
    from delivery_ops.database.opening import open_database

    database = open_database(_load(config))
    raise typer.Exit(psql.run(database.url(_role(role)), context.args))


@events.command("append")
def events_append(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Canonical events, one JSON object a line.")],
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Append events; print the balance and every line that was refused. Exit 1 if any was."""
    from delivery_ops.ledger.intake import LineResult, append_ndjson
    from delivery_ops.operation import open_operation

    refused: list[LineResult] = []
    with open_operation(_load(config)) as operation:
        balance = append_ndjson(operation.ledger, file, operation.registrar, refused=refused.append)
        operation.catch_up()
    lines = [{"line": each.number, "outcome": each.result.outcome, "reason": each.result.reason} for each in refused]
    if as_json:
        terminal.print_json({**asdict(balance), "refused": lines})
    else:
        counts = "  ".join(f"{name} {count}" for name, count in asdict(balance).items())
        terminal.out.print(counts, markup=False)
        for line in lines:
            terminal.out.print(f"line {line['line']}: {line['outcome']}: {line['reason']}", markup=False)
    raise typer.Exit(terminal.FAILED_CHECK if refused else terminal.DONE)


@events.command("show")
def events_show(
    deliverable: Annotated[str, typer.Argument(metavar="DELIVERABLE", help="A deliverable_id.")],
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Print the timeline of a deliverable."""
    from delivery_ops.contracts.envelope import to_wire
    from delivery_ops.operation import open_operation

    with open_operation(_load(config)) as operation:
        timeline = operation.ledger.of_deliverable(deliverable)
    if not timeline:
        raise BadUsage(
            "showing a timeline", subject=deliverable, cause="no event names it", remedy="Check the deliverable_id."
        )
    if as_json:
        terminal.print_json([to_wire(event) for event in timeline])
        return
    for event in timeline:
        terminal.out.print(telling.event_line(event), markup=False)


@gate.command("check")
def gate_check(
    target: Annotated[str, typer.Argument(metavar="URL_OR_FILE")],
    only: Annotated[str | None, typer.Option("--gate", metavar="NAME", help="Only this gate.")] = None,
    page_url: Annotated[
        str | None, typer.Option("--page-url", help="The URL a file is, or will be, published at.")
    ] = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Judge one page and print evidence and findings; writes no event. Exit 1 if a gate did not pass."""
    from delivery_ops.operation import check_page

    evaluations = check_page(_load(config), target, only=only, page_url=page_url)
    telling.evaluations(evaluations, as_json=as_json)
    clean = all(each.outcome == "pass" for each in evaluations)
    raise typer.Exit(terminal.DONE if clean else terminal.FAILED_CHECK)


@attribution.command("run")
def attribution_run(
    touches: Annotated[Path, typer.Option(metavar="FILE", help="CSV or Parquet, one touch a row.")],
    conversions: Annotated[Path, typer.Option(metavar="FILE", help="CSV or Parquet, one conversion a row.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where credit.parquet and summary.parquet go.")],
    models: Annotated[str, typer.Option(help="Names with commas between, or all.")] = "all",
    window_days: Annotated[int, typer.Option(help="Days of 86,400 s before a conversion.")] = 30,
    as_csv: Annotated[bool, typer.Option("--csv", help="Write CSV files beside the Parquet ones.")] = False,
    as_json: Json = False,
) -> None:
    """Attribute anybody's conversions to anybody's touches, to the cent. Exit 1 if a row was rejected."""
    from delivery_ops.attribution.run import run_attribution

    with terminal.progress_shown(), progress.stage("Attributing"):
        summary = run_attribution(
            touches, conversions, out, models=models.split(","), window_days=window_days, as_csv=as_csv
        )
    telling.attribution(summary, as_json=as_json)
    clean = summary.conserved and not summary.touches.rejected and not summary.conversions.rejected
    raise typer.Exit(terminal.DONE if clean else terminal.FAILED_CHECK)


@search_console.command("export")
def search_console_export(
    property_: Annotated[str, typer.Option("--property", metavar="P", help="A configured property.")],
    start: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="First Pacific day.")],
    end: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Last Pacific day.")],
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Export a property's days that are missing or stale; a second call goes on where the first ended."""
    from delivery_ops.operation import open_operation
    from delivery_ops.search_console.due import configuration, export_range
    from delivery_ops.search_console.windows import DaySpan

    settings = _load(config)
    configured = configuration(settings)
    with open_operation(settings) as operation, terminal.progress_shown(), progress.stage(property_) as tell:
        operation.catch_up()
        span = DaySpan.inclusive(start.date(), end.date())
        summary = export_range(operation.exporter(), configured, property_, span, progress=tell)
        operation.catch_up()
    telling.export(summary, as_json=as_json)
    raise typer.Exit(terminal.FAILED_CHECK if summary.error else terminal.DONE)


def _role(name: str) -> Role:
    from delivery_ops.database.roles import Role

    if name not in set(Role):
        raise BadUsage(
            "logging in", subject=name, cause="there is no such role", remedy=f"There are {', '.join(Role)}."
        )
    return Role(name)


def _load(config: Path | None) -> Settings:
    """The settings, with ``--config`` in force for this process and its children."""
    if config is not None:
        os.environ[CONFIG_VARIABLE] = str(config.resolve())
    return settings_module.load()


def main() -> None:
    """Run the command; whatever goes wrong ends in a sentence and an exit code, never in a traceback."""
    as_json = "--json" in sys.argv
    try:
        app()
    except DeliveryOpsError as error:
        code = terminal.complain(error, as_json=as_json)
    except Exception as error:  # noqa: BLE001  the last line of defence: a person sees no traceback
        code = terminal.complain_of_defect(error, _log_dir())
    else:
        return
    raise SystemExit(code)


def _log_dir() -> Path:
    try:
        return settings_module.load().state_dir / "logs"
    except DeliveryOpsError:
        return Path.cwd()
