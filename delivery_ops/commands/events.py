"""``delivery-ops events``: the ledger, written and read by hand.

Belongs here: these commands. Does not belong here: what an event is (``contracts``) and how it is kept (``ledger``).
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from delivery_ops import telling, terminal
from delivery_ops.errors import BadUsage
from delivery_ops.options import Config, Json, load, readable

group = typer.Typer(no_args_is_help=True)


@group.command("append")
def events_append(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Canonical events, one JSON object a line.")],
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Append events; print the balance and every line that was refused. Exit 1 if any was."""
    from delivery_ops.ledger.intake import LineResult, append_ndjson
    from delivery_ops.operation import open_operation

    refused: list[LineResult] = []
    with open_operation(load(config)) as operation, terminal.progress_shown():
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


@group.command("show")
def events_show(
    deliverable: Annotated[str, typer.Argument(metavar="DELIVERABLE", help="A deliverable_id.", callback=readable)],
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Print the timeline of a deliverable, in the order in which things happened."""
    from delivery_ops.contracts.wire import to_wire
    from delivery_ops.operation import open_operation

    with open_operation(load(config)) as operation:
        recorded = operation.ledger.of_deliverable(deliverable)
    timeline = sorted(recorded, key=lambda event: (event.timestamp, event.position))
    if not timeline:
        raise BadUsage(
            "showing a timeline", subject=deliverable, cause="no event names it", remedy="Check the deliverable_id."
        )
    if as_json:
        terminal.print_json([to_wire(event) for event in timeline])
        return
    for event in timeline:
        terminal.say(telling.event_line(event))
