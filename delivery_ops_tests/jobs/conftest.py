"""A queue on a fresh database, and the ways tests look at its table and move its two clocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from delivery_ops import clock
from delivery_ops.database import frozen_clock
from delivery_ops.database.database import Database
from delivery_ops.database.roles import Role
from delivery_ops.jobs.queue import JobQueue, enqueue
from delivery_ops.jobs.records import Job
from delivery_ops.settings import Settings

NOON = datetime(2026, 3, 30, 12, tzinfo=UTC)
LONG = timedelta(hours=1)
"""A lease that no test outlives."""


@dataclass(frozen=True, slots=True)
class Queued:
    """A queue, and what stands behind it."""

    database: Database
    settings: Settings
    queue: JobQueue

    @property
    def engine(self) -> Engine:
        return self.database.engine(Role.folder)

    def ask(self, key: str, *, kind: str = "look", due_at: datetime = NOON, payload: Any = None) -> bool:
        with self.engine.begin() as connection:
            return enqueue(connection, kind, key, payload or {}, due_at=due_at)

    def claim(self, limit: int = 100, *, kind: str = "look", owner: str = "me", lease: timedelta = LONG) -> list[Job]:
        return self.queue.claim(kind, limit, owner=owner, lease=lease)

    def row(self, key: str, kind: str = "look") -> dict[str, Any]:
        with self.engine.connect() as connection:
            query = sa.text("SELECT * FROM ops.job WHERE kind = :kind AND key = :key")
            return dict(connection.execute(query, {"kind": kind, "key": key}).mappings().one())

    def count(self, condition: str) -> int:
        query = sa.select(sa.func.count()).select_from(sa.text("ops.job")).where(sa.text(condition))
        with self.engine.connect() as connection:
            return connection.execute(query).scalar_one()

    def freeze(self, instant: datetime) -> None:
        frozen_clock.freeze(self.settings, self.database, instant)

    def let_leases_run_out(self) -> None:
        with self.engine.begin() as connection:
            connection.exec_driver_sql(
                "UPDATE ops.job SET leased_until = clock_timestamp() WHERE leased_until IS NOT NULL"
            )


@pytest.fixture
def queued(database: Database, settings_factory: Callable[..., Settings]) -> Queued:
    """The clock runs; jobs asked for without a time are due."""
    return Queued(database, settings_factory(simulated={"seed": 1}), JobQueue(database.engine(Role.folder)))


@pytest.fixture
def frozen(queued: Queued) -> Queued:
    """The operation's time stands still at noon, for Python and SQL."""
    clock.read_from(frozen_clock.reader(queued.database))
    queued.freeze(NOON)
    return queued
