"""The ``delivery-ops`` command, with every command below it.

Belongs here: what commands there are, and how each of them ends. Does not belong here: the commands themselves
(``commands``). They import what they need when they are called: Dagster takes three seconds to import and Great
Expectations up to ten.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
from pathlib import Path

import typer

from delivery_ops import settings as settings_module
from delivery_ops import terminal
from delivery_ops.commands import attribution, db, events, gates, operation, rejected, search_console
from delivery_ops.errors import BadUsage, DeliveryOpsError

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="markdown")
for _command in (operation.demo, operation.init, operation.run, operation.up, operation.down, operation.status):
    app.command()(_command)
app.add_typer(db.group, name="db", help="Logins to the operation's PostgreSQL, and psql on it.")
app.add_typer(events.group, name="events", help="The ledger: append events, read a deliverable's timeline.")
app.command()(rejected.rejected)
app.add_typer(gates.group, name="gate", help="Quality gates on one page, without a run.")
app.add_typer(
    attribution.group, name="attribution", help="Attribution models on any two files: touches and conversions."
)
app.add_typer(
    search_console.group, name="search-console", help="The Search Console export of one property, without a run."
)


@app.callback()
def about() -> None:
    """The control plane for marketing-agency delivery: who published what, did it work, what did it earn.

    Begin with `demo`. For your own data: `init DIR`, fill in what it wrote, then `run --config DIR`.
    """


def main() -> None:
    """The program: answer, and end at once.

    Python would take the interpreter down first, which after a run is 3 s of freeing what Dagster, dbt and pandas hold,
    with the prompt not back and nothing to see.
    """
    try:
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        code = answer()
    except KeyboardInterrupt:  # not in a command: before or after it
        code = terminal.interrupted()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    atexit._run_exitfuncs()
    terminal.flush()
    os._exit(code)


def answer() -> int:
    """Run the command; whatever goes wrong ends in a sentence and an exit code, never in a traceback."""
    as_json = "--json" in sys.argv
    try:
        code = app(prog_name="delivery-ops", standalone_mode=False) or terminal.DONE
        if code == terminal.INTERRUPTED:
            terminal.interrupted()
    except typer.TyperException as error:
        code = terminal.BAD_USAGE
        if error.format_message():  # without arguments the help was the answer
            terminal.complain(_misused(error), as_json=as_json)
    except DeliveryOpsError as error:
        code = terminal.complain(error, as_json=as_json)
    except Exception as error:  # noqa: BLE001  the last line of defence: a person sees no traceback
        code = terminal.complain_of_defect(error, _log_dir(), as_json=as_json)
    return int(code)


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
