"""``delivery-ops rejected``: what came in and could not be kept, and why.

Belongs here: this command. Does not belong here: which rejections still stand (``ledger.rejections``).
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC
from typing import Annotated

import typer

from delivery_ops import terminal
from delivery_ops.options import Config, Json, load, readable


def _readable(text: str | None) -> str | None:
    return None if text is None else readable(text)


def rejected(
    source: Annotated[
        str | None, typer.Option(metavar="S", help="Only of this source, or of this events file.", callback=_readable)
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many to list.")] = 50,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """List the rows and events that were refused and still are: neither corrected nor kept since."""
    from delivery_ops.database.roles import Role
    from delivery_ops.ledger.rejections import standing
    from delivery_ops.operation import open_operation

    with open_operation(load(config)) as operation, operation.database.engine(Role.reader).connect() as connection:
        found, number = standing(connection, source=source, limit=limit)
    more = number - len(found)
    if as_json:
        listed = [asdict(one) | {"last_seen_at": one.last_seen_at.isoformat()} for one in found]
        terminal.print_json({"rejected": listed, "more": more})
        return
    for one in found:
        key = f" ({one.idempotency_key})" if one.idempotency_key else ""
        often = f", {one.times_seen} times" if one.times_seen > 1 else ""
        seen = f"{one.last_seen_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z{often}"
        terminal.say(f"{seen}  {one.source}  {one.origin}{key}: {one.reason}")
    if more:
        terminal.say(f"and {more} more: --limit {number} lists all")
    if not found:
        terminal.say("Nothing is rejected.")
