"""The commands for the operation as a whole: demo, init, run, up, down, status.

Belongs here: these commands. Does not belong here: what single rooms do (the modules beside this one), and any work.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from delivery_ops import ctrl_c, telling, terminal
from delivery_ops.errors import DeliveryOpsError
from delivery_ops.options import Config, Day, Json, load
from delivery_ops.settings import DATABASE_URL_VARIABLE, option_of

if TYPE_CHECKING:
    from delivery_ops.processes import Running

_POSTGRESQL = {
    "stopped": "Stopped PostgreSQL.",
    "not running": "PostgreSQL was not running.",
    "not ours": f"PostgreSQL is yours ({DATABASE_URL_VARIABLE} names it): it is not ours to stop.",
}


def demo(config: Config = None, as_json: Json = False) -> None:
    """Run a simulated agency's four weeks through the whole pipeline, and say where to look."""
    from delivery_ops.demo import run_demo

    settings = load(config)
    with ctrl_c.insisted_on(), terminal.progress_shown():
        outcome = run_demo(settings)
    telling.run(outcome, settings, as_json=as_json)
    raise typer.Exit(terminal.DONE if outcome.is_clean else terminal.FAILED_CHECK)


def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write it; made where missing.")],
    as_json: Json = False,
) -> None:
    """Write a commented config directory for a new operation."""
    from delivery_ops import starter

    file = starter.write(directory)
    if as_json:
        terminal.print_json({"file": file.resolve()})
        return
    terminal.say(f"Wrote {file}.")
    terminal.say("Next: name your clients, sites and files in it; each line says what it is for.")
    terminal.say(f"Then:  delivery-ops run{option_of(directory)}    (what you leave out is skipped, and told)")


def run(date: Day = None, config: Config = None, as_json: Json = False) -> None:
    """Do the daily run: load files, export Search Console days, judge pages, build the marts, write the report.

    The date decides which Search Console days and which pages are due: those up to its end. The marts and the report
    always count everything that is known when the run is made.
    """
    from delivery_ops.daily_run import run_daily

    settings = load(config)
    with ctrl_c.insisted_on(), terminal.progress_shown():
        outcome = run_daily(settings, on=date.date() if date else None)
    telling.run(outcome, settings, as_json=as_json)
    raise typer.Exit(terminal.DONE if outcome.is_clean else terminal.FAILED_CHECK)


def up(
    config: Config = None,
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port of Dagster's webserver on 127.0.0.1.")] = 3000,
    as_json: Json = False,
) -> None:
    """Start PostgreSQL and Dagster and keep them running until Ctrl-C.

    Dagster's webserver shows lineage, runs and checks; its daemon does the daily run every morning. With --json the one
    document comes once the webserver answers; what ends it later is told by the exit code and on standard error.
    """
    from delivery_ops import processes

    settings = load(config)
    served: list[Running] = []

    def begun(running: Running) -> None:
        for each in running.processes if not as_json else ():
            terminal.say(f"{each.name}: process {each.pid}, log {each.log}")

    def serving(running: Running) -> None:
        served.append(running)
        if as_json:
            terminal.print_json(running.as_record())
        else:
            terminal.say(f"Runs and lineage: {running.url}    (Ctrl-C ends everything but PostgreSQL)")
        terminal.flush()

    try:
        processes.up(settings, port=port, begun=begun, serving=serving)
    except DeliveryOpsError as error:
        raise typer.Exit(terminal.complain(error, as_json=as_json and not served)) from error
    if as_json and not served:
        terminal.print_json({"url": None, "processes": []})


def down(
    config: Config = None,
    force: Annotated[
        bool, typer.Option("--force", metavar="", help="Stop PostgreSQL even while others are connected.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Stop everything of the operation, the embedded PostgreSQL too."""
    from delivery_ops import processes
    from delivery_ops.database import server

    settings = load(config)
    ended = processes.end_up(settings)
    if ended and not as_json:
        terminal.say("Ended the webserver and the daemon.")
    if settings.database_url:
        postgresql = "not ours"
    else:
        postgresql = "stopped" if server.stop(settings, force=force) else "not running"
    if as_json:
        terminal.print_json({"up": "ended" if ended else "not running", "postgresql": postgresql})
    else:
        terminal.say(_POSTGRESQL[postgresql])


def status(config: Config = None, as_json: Json = False) -> None:
    """Say what runs, how the last daily run ended and where its report lies; starts nothing."""
    from delivery_ops.status import status_of

    found = status_of(load(config))
    if as_json:
        terminal.print_json(found.as_record())
        return
    for name, said in found.lines():
        terminal.say(f"{name:<10} {said}")
