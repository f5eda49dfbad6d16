"""``delivery-ops gate``: quality gates on one page, without the operation around them.

Belongs here: this command. Does not belong here: what a gate finds (``gates``).
"""

from __future__ import annotations

from typing import Annotated, get_args

import typer

from delivery_ops import telling, terminal
from delivery_ops.options import Config, Json, load
from delivery_ops.settings import GateName

group = typer.Typer(no_args_is_help=True)


@group.command("check")
def gate_check(
    target: Annotated[str, typer.Argument(metavar="URL_OR_FILE", help="A published page, or an HTML file.")],
    only: Annotated[
        str | None, typer.Option("--gate", metavar="NAME", help=f"Only this one: {' or '.join(get_args(GateName))}.")
    ] = None,
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
