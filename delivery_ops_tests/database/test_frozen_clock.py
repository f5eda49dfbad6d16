"""Python and SQL must name the same instant, and a real operation's time must never stand still."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import psycopg
import pytest
import sqlalchemy as sa

from delivery_ops import clock
from delivery_ops.database import frozen_clock
from delivery_ops.database.database import Database
from delivery_ops.database.opening import open_database
from delivery_ops.database.roles import Role
from delivery_ops.errors import BadUsage, Permanent
from delivery_ops.settings import Settings

NOON = datetime(2026, 3, 30, 12, tzinfo=UTC)
SIMULATED = {"simulated": {"seed": 1}}


def _sql_now(database: Database) -> datetime:
    with database.engine(Role.writer).connect() as connection:
        return connection.execute(sa.text("SELECT ops.now()")).scalar_one()


def test_a_simulated_operation_has_one_instant_for_python_and_sql(
    settings_factory: Callable[..., Settings], empty_database_url: str
) -> None:
    settings = settings_factory(database_url=empty_database_url, **SIMULATED)
    database = open_database(settings)
    assert abs(_sql_now(database) - clock.now()) < timedelta(seconds=5)
    frozen_clock.freeze(settings, database, NOON)
    assert clock.now() == _sql_now(database) == NOON
    assert clock.now().tzinfo is UTC
    elsewhere = datetime(2026, 3, 31, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    frozen_clock.freeze(settings, database, elsewhere)
    assert clock.now() == _sql_now(database) == elsewhere
    with database.engine(Role.folder).begin() as connection:
        connection.execute(sa.text("DELETE FROM ops.clock"))
    assert abs(_sql_now(database) - clock.now()) < timedelta(seconds=5)
    assert clock.now() > NOON + timedelta(days=1)
    database.close()


def test_a_real_operations_clock_cannot_be_set(settings: Settings, database: Database) -> None:
    with pytest.raises(BadUsage, match="the operation is real"):
        frozen_clock.freeze(settings, database, NOON)
    assert frozen_clock.reader(database)() is None


def test_an_instant_without_a_zone_is_refused(settings_factory: Callable[..., Settings], database: Database) -> None:
    with pytest.raises(BadUsage, match="no time zone"):
        frozen_clock.freeze(settings_factory(**SIMULATED), database, NOON.replace(tzinfo=None))


def test_a_real_operation_refuses_a_database_whose_clock_stands_still(
    settings_factory: Callable[..., Settings], empty_database_url: str
) -> None:
    open_database(settings_factory(database_url=empty_database_url, **SIMULATED)).close()
    with psycopg.connect(empty_database_url) as connection:
        connection.execute("INSERT INTO ops.clock (frozen_at) VALUES (%s)", [NOON])
    with pytest.raises(Permanent, match=r"clock is frozen at 2026-03-30T12:00:00\+00:00"):
        open_database(settings_factory(database_url=empty_database_url))
    assert clock.now() > NOON + timedelta(days=1)


def test_time_stands_still_at_one_instant_at_most(database: Database) -> None:
    insert = sa.text("INSERT INTO ops.clock (only_row, frozen_at) VALUES (:only, :at)")
    with database.engine(Role.folder).begin() as connection:
        connection.execute(insert, {"only": True, "at": NOON})
    for only in (True, False):
        with pytest.raises(sa.exc.IntegrityError), database.engine(Role.folder).begin() as connection:
            connection.execute(insert, {"only": only, "at": NOON})
