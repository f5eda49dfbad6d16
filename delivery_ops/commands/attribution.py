"""``delivery-ops attribution``: the attribution models on anybody's files.

Belongs here: this command; it needs no operation, and of a configuration reads two defaults if it is given one. Does
not belong here: the models, which dbt holds.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, get_args

import typer

from delivery_ops import progress, telling, terminal
from delivery_ops.options import Json, load
from delivery_ops.settings import Attribution, ModelName

group = typer.Typer(no_args_is_help=True)


@group.command("run")
def attribution_run(
    touches: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="CSV or Parquet, one touch a row: touch_id, contact_id, deliverable_id, channel, touched_at.",
        ),
    ],
    conversions: Annotated[
        Path,
        typer.Option(
            metavar="FILE", help="CSV or Parquet: conversion_id, contact_id, converted_at, amount_minor, currency."
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where credit.parquet and summary.parquet go.")],
    models: Annotated[
        str | None, typer.Option(help=f"Of {', '.join(get_args(ModelName))}, with commas between, or all; default all.")
    ] = None,
    window_days: Annotated[int | None, typer.Option(help="Days of 86,400 s before a conversion; default 30.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", metavar="", help="Write CSV files beside the Parquet ones.")] = False,
    config: Annotated[
        Path | None,
        typer.Option("--config", metavar="DIR", help="Config directory whose `attribution` gives other defaults."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Divide the revenue of conversions among the touches before them, to the cent. Exit 1 if a row was rejected."""
    from delivery_ops.attribution.run import run_attribution

    defaults = load(config).attribution if config else Attribution()
    wanted = defaults.models if models is None else models.split(",")
    days = defaults.window_days if window_days is None else window_days
    with terminal.progress_shown(), progress.stage("Attributing"):
        summary = run_attribution(touches, conversions, out, models=wanted, window_days=days, as_csv=as_csv)
    telling.attribution(summary, as_json=as_json)
    clean = summary.conserved and not summary.touches.rejected and not summary.conversions.rejected
    raise typer.Exit(terminal.DONE if clean else terminal.FAILED_CHECK)
