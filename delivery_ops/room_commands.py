"""The commands of single rooms: db, events, gate, attribution, search-console.

Belongs here: what one room can do on its own. Does not belong here: the operation as a whole (``cli``), and any work.
Rooms are imported by the command that needs them: what one costs to import, no other command pays.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from delivery_ops import progress, telling, terminal
from delivery_ops.errors import BadUsage
from delivery_ops.options import Config, Json, load, readable

if TYPE_CHECKING:
    from delivery_ops.database.roles import Role

db, events, gate, attribution, search_console = (typer.Typer(no_args_is_help=True) for _ in range(5))

_ROLES = "owner, writer, folder, publisher, dagster, reader or analyst."


@db.command("url")
def db_url(role: Annotated[str, typer.Option(help=_ROLES)], config: Config = None) -> None:
    """Print a login for BI tools, a notebook or psql. It holds a password."""
    from delivery_ops.database.opening import open_database

    with closing(open_database(load(config))) as database:
        terminal.say(database.url(_role(role)))


@db.command("shell", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def db_shell(
    context: typer.Context, role: Annotated[str, typer.Option(help=_ROLES)] = "analyst", config: Config = None
) -> None:
    """Open psql on the operation's database; what follows is psql's, such as -c "table analytics.run"."""
    from delivery_ops.database import psql
    from delivery_ops.database.opening import open_database

    with closing(open_database(load(config))) as database:
        url = database.url(_role(role))
    raise typer.Exit(psql.run(url, context.args))


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
    with open_operation(load(config)) as operation:
        balance = append_ndjson(operation.ledger, file, operation.registrar, refused=refused.append)
        operation.catch_up()
    lines = [{"line": each.number, "outcome": each.result.outcome, "reason": each.result.reason} for each in refused]
    if as_json:
        terminal.print_json({**asdict(balance), "refused": lines})
    else:
        counts = "  ".join(f"{name} {count}" for name, count in asdict(balance).items())
        terminal.say(counts)
        for line in lines:
            terminal.say(f"line {line['line']}: {line['outcome']}: {line['reason']}")
    raise typer.Exit(terminal.FAILED_CHECK if refused else terminal.DONE)


@events.command("show")
def events_show(
    deliverable: Annotated[str, typer.Argument(metavar="DELIVERABLE", help="A deliverable_id.", callback=readable)],
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Print the timeline of a deliverable."""
    from delivery_ops.contracts.envelope import to_wire
    from delivery_ops.operation import open_operation

    with open_operation(load(config)) as operation:
        timeline = operation.ledger.of_deliverable(deliverable)
    if not timeline:
        raise BadUsage(
            "showing a timeline", subject=deliverable, cause="no event names it", remedy="Check the deliverable_id."
        )
    if as_json:
        terminal.print_json([to_wire(event) for event in timeline])
        return
    for event in timeline:
        terminal.say(telling.event_line(event))


@gate.command("check")
def gate_check(
    target: Annotated[str, typer.Argument(metavar="URL_OR_FILE", help="A published page, or an HTML file.")],
    only: Annotated[str | None, typer.Option("--gate", metavar="NAME", help="Only this gate.")] = None,
    page_url: Annotated[
        str | None, typer.Option("--page-url", help="The URL a file is, or will be, published at.")
    ] = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Judge one page and print evidence and findings; writes no event. Exit 1 if a gate did not pass."""
    from delivery_ops.operation import check_page

    evaluations = check_page(load(config), target, only=only, page_url=page_url)
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

    settings = load(config)
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
