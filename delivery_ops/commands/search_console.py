"""``delivery-ops search-console``: the Search Console export on its own.

Belongs here: this command. Does not belong here: which days are due and how they are fetched (``search_console``).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from delivery_ops import progress, telling, terminal
from delivery_ops.options import Config, Json, load

group = typer.Typer(no_args_is_help=True)


@group.command("export")
def search_console_export(
    property_: Annotated[
        str, typer.Option("--property", metavar="P", help="As it is configured, such as sc-domain:example.com.")
    ],
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
