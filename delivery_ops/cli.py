"""The ``delivery-ops`` command: parses, calls a domain function, prints.

Belongs here: the commands for the operation as a whole, and the end of every command. Does not belong here: any work,
and what single rooms do (``commands``). Rooms are imported by the command that needs them: Dagster takes three
seconds to import and Great Expectations up to ten.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from delivery_ops import settings as settings_module
from delivery_ops import telling, terminal
from delivery_ops.commands import attribution, db, events, gates, rejected, search_console
from delivery_ops.errors import BadUsage, DeliveryOpsError
from delivery_ops.options import Config, Day, Json, load

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="markdown")
app.add_typer(db.group, name="db", help="The operation's database.")
app.add_typer(events.group, name="events", help="The ledger: append events, read timelines.")
app.command()(rejected.rejected)
app.add_typer(gates.group, name="gate", help="Quality gates on their own.")
app.add_typer(attribution.group, name="attribution", help="Attribution models on anybody's files.")
app.add_typer(search_console.group, name="search-console", help="The Search Console export on its own.")


@app.callback()
def about() -> None:
    """The control plane for marketing-agency delivery: who published what, did it work, what did it earn."""


@app.command()
def demo(config: Config = None, as_json: Json = False) -> None:
    """Run a simulated agency's four weeks through the whole pipeline, and say where to look."""
    from delivery_ops.demo import run_demo

    settings = load(config)
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
    terminal.say(f"Wrote {file}. Edit it, then: delivery-ops run --config {directory}")


@app.command()
def run(date: Day = None, config: Config = None, as_json: Json = False) -> None:
    """Do the daily run as of a date: load, export, judge, transform, publish, report."""
    from delivery_ops.daily_run import run_daily

    settings = load(config)
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
    from delivery_ops import processes

    processes.up(load(config), port=port, say=terminal.say)


@app.command()
def down(
    config: Config = None,
    force: Annotated[bool, typer.Option("--force", help="Stop PostgreSQL even while others are connected.")] = False,
) -> None:
    """Stop everything of the operation, the embedded PostgreSQL too."""
    from delivery_ops import processes
    from delivery_ops.database import server

    settings = load(config)
    if processes.end_up(settings):
        terminal.say("Ended the webserver and the daemon.")
    stopped = server.stop(settings, force=force)
    terminal.say("Stopped PostgreSQL." if stopped else "PostgreSQL was not running.")


def main() -> None:
    """Run the command; whatever goes wrong ends in a sentence and an exit code, never in a traceback."""
    as_json = "--json" in sys.argv
    try:
        code = app(prog_name="delivery-ops", standalone_mode=False) or terminal.DONE
        if code == terminal.INTERRUPTED:
            terminal.err.print("Interrupted. What was done stays; run it again to go on.")
        terminal.flush()
    except typer.TyperException as error:
        code = terminal.BAD_USAGE
        if error.format_message():  # without arguments the help was the answer
            terminal.complain(_misused(error), as_json=as_json)
    except DeliveryOpsError as error:
        code = terminal.complain(error, as_json=as_json)
    except Exception as error:  # noqa: BLE001  the last line of defence: a person sees no traceback
        code = terminal.complain_of_defect(error, _log_dir(), as_json=as_json)
    raise SystemExit(code)


def _misused(error: typer.TyperException) -> BadUsage:
    context: typer.Context | None = getattr(error, "ctx", None)
    command = context.command_path if context else "delivery-ops"
    return BadUsage(
        "reading the command line",
        subject=command,
        cause=error.format_message(),
        remedy=f"`{command} --help` shows what it takes.",
    )


def _log_dir() -> Path:
    try:
        return settings_module.load().state_dir / "logs"
    except Exception:  # noqa: BLE001  it may be the defect
        return Path.cwd()
