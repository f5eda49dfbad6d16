"""The running application as its tests see it: sending to it, and what it kept."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import httpx
from sqlalchemy import text

from delivery_ops.connectors.intake import Intake
from delivery_ops.database.database import Database
from delivery_ops.database.roles import Role
from delivery_ops_tests.connectors.ghost.recordings import Recorded, signed

SECRET = "ghost-secret-1"
HOOK = "/v1/hooks/agency-site"


@dataclass
class Receiver:
    """The running application: ``at`` is its clock, ``client`` asks it."""

    database: Database
    intake: Intake
    address: tuple[str, int]
    client: httpx.Client
    at: datetime = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)

    def send(
        self, body: bytes, *, secret: str = SECRET, ago: timedelta = timedelta(), **headers: str
    ) -> httpx.Response:
        """Send ``body`` as Ghost would have ``ago``; ``headers`` replace its own, with hyphens for underscores."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(HOOK, content=body, headers={**signed(body, secret, self.at - ago), **given})

    def resend(self, one: Recorded) -> httpx.Response:
        """Send a recording exactly as it was sent."""
        return self.client.post(HOOK, content=one.body, headers=one.headers)

    def raw(self, request: bytes, *, hangs_up: bool = False) -> bytes:
        """All that comes back, until the connection ends, where these bytes are sent and no more."""
        with socket.create_connection(self.address, timeout=10) as connection:
            connection.sendall(request)
            if hangs_up:
                connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(partial(connection.recv, 65536), b""))

    def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        with self.database.engine(Role.reader).connect() as connection:
            return [tuple(row) for row in connection.execute(text(query), values)]

    def deliveries(self) -> list[tuple[Any, ...]]:
        """Of each: outcome, times seen, whether the bytes are there."""
        return self.rows("SELECT outcome, times_seen, body IS NOT NULL FROM ops.delivery ORDER BY outcome")
