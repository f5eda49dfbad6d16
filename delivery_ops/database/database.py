"""An open database: an engine and a login per role.

Belongs here: the engines, and what a lost connection means. Does not belong here: how the database came to be
there and current (``opening.py``).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy import URL, Engine, event
from sqlalchemy.engine import ExceptionContext

from delivery_ops.database.roles import Role
from delivery_ops.database.unreachable import unreachable


class Database:
    """One PostgreSQL database and the logins of its roles.

    Args:
        address: host, port and database name, with any further connection options; its user is replaced.
        prefix: what the roles' names start with in this cluster.
        passwords: one for every role.
    """

    def __init__(self, *, address: URL, prefix: str, passwords: Mapping[str, str]) -> None:
        self._address = address
        self._passwords = passwords
        self._engines: dict[Role, Engine] = {}
        self.prefix = prefix

    def url(self, role: Role) -> str:
        """A login as a libpq URL (``postgresql://…``), password included: for psql, BI tools, Dagster."""
        return self._login(role).render_as_string(hide_password=False)

    def engine(self, role: Role) -> Engine:
        """The engine of ``role``, one per process. Lost, it raises ``Transient``; refused, ``Permanent``."""
        engine = self._engines.get(role)
        return engine or self._engines.setdefault(role, self._connecting_as(role))

    def close(self) -> None:
        """Give back every connection. The engines stay usable and connect anew."""
        for engine in self._engines.values():
            engine.dispose()

    @contextmanager
    def closed_on_error(self) -> Iterator[Database]:
        """Close it when the block raises."""
        try:
            yield self
        except BaseException:
            self.close()
            raise

    def _connecting_as(self, role: Role) -> Engine:
        engine = sa.create_engine(
            self._login(role).set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            connect_args={"application_name": f"delivery-ops {role}, process {os.getpid()}"},
        )
        event.listen(engine, "handle_error", _raise_unreachable)
        return engine

    def _login(self, role: Role) -> URL:
        return self._address.set(username=role.login(self.prefix), password=self._passwords[role])


def _raise_unreachable(context: ExceptionContext) -> None:
    if context.is_pre_ping or not (context.is_disconnect or context.connection is None):
        return
    if not isinstance(context.original_exception, Exception):  # Ctrl-C in the middle of a statement
        return
    address = context.engine.url if context.engine else None
    raise unreachable(
        context.original_exception,
        "using the database",
        subject=f"{address.host}:{address.port}/{address.database}" if address else "PostgreSQL",
        away="Run the command again; it starts the embedded server where that is down.",
    ) from context.original_exception
