"""``delivery-ops db``: logins to the operation's database, and psql on it.

Belongs here: these commands. Does not belong here: the server's life (``up``, ``down`` and ``database``).
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from delivery_ops import terminal
from delivery_ops.errors import BadUsage
from delivery_ops.options import Config, Json, load

if TYPE_CHECKING:
    from delivery_ops.database.roles import Role

group = typer.Typer(no_args_is_help=True)

_ROLES = "analyst reads the marts, reader the ledger too. Others: owner, writer, folder, publisher, dagster."


@group.command("url")
def db_url(role: Annotated[str, typer.Option(help=_ROLES)], config: Config = None, as_json: Json = False) -> None:
    """Print a login for BI tools, a notebook or psql. It holds a password."""
    from delivery_ops.database.opening import open_database

    with closing(open_database(load(config))) as database:
        url = database.url(_role(role))
    if as_json:
        terminal.print_json({"role": role, "url": url})
    else:
        terminal.say(url)


@group.command("shell", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def db_shell(
    context: typer.Context, role: Annotated[str, typer.Option(help=_ROLES)] = "analyst", config: Config = None
) -> None:
    """Open psql on the operation's database; what follows is psql's, such as -c "table analytics.run"."""
    from delivery_ops.database import psql
    from delivery_ops.database.opening import open_database

    with closing(open_database(load(config))) as database:
        url = database.url(_role(role))
    raise typer.Exit(psql.run(url, context.args))


def _role(name: str) -> Role:
    from delivery_ops.database.roles import Role

    if name not in set(Role):
        raise BadUsage(
            "logging in", subject=name, cause="there is no such role", remedy=f"There are {', '.join(Role)}."
        )
    return Role(name)
