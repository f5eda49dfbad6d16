"""Opening an operation's database: server, roles, schema, clock, in this order and only as far as needed.

Belongs here: ``open_database`` and where it leads to, the embedded server or ``DELIVERY_OPS_DATABASE_URL``. Does
not belong here: how each step is done. When everything is up and current, opening costs two short queries.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from delivery_ops import clock
from delivery_ops.database import frozen_clock, keys, loopback_port, migrate, server
from delivery_ops.database.database import Database
from delivery_ops.database.provision import provision
from delivery_ops.database.roles import Role
from delivery_ops.errors import BadUsage, Permanent
from delivery_ops.settings import DATABASE_URL_VARIABLE, Settings

EMBEDDED_DATABASE = "delivery_ops"
_LONGEST_PREFIX = 50  # PostgreSQL cuts names at 63 bytes; the longest role adds ten


@dataclass(frozen=True, kw_only=True, slots=True)
class _Target:
    """Where the database is, who may provision it, and where the roles' passwords are kept."""

    address: URL
    admin_url: str = field(repr=False)
    prefix: str
    key_file: Path

    def database(self, passwords: keys.Passwords) -> Database:
        return Database(address=self.address, prefix=self.prefix, passwords=passwords)


def open_database(settings: Settings) -> Database:
    """The operation's database: running, provisioned with its roles, migrated to this code's schema.

    A simulated operation's clock is then read from ``ops.clock``; a real one's is the system clock.

    Raises:
        BadUsage: ``DELIVERY_OPS_DATABASE_URL`` is no usable URL.
        Permanent: something a person must change (port, disk, privileges, a database newer than the code).
        Transient: the database cannot be reached now.
    """
    target = _configured(settings) if settings.database_url else _embedded(settings)
    database = _current(target) or _made_current(settings, target)
    with database.closed_on_error():
        _attach_clock(settings, database)
    return database


def _current(target: _Target) -> Database | None:
    """The database, if it is there and at this code's schema."""
    passwords = keys.read(target.key_file, Role)
    if passwords is None:
        return None
    with target.database(passwords).closed_on_error() as database:
        if migrate.is_current(database.engine(Role.reader)):
            return database
        database.close()
        return None


def _made_current(settings: Settings, target: _Target) -> Database:
    with server.plain_errors("opening the database", settings.state_dir), server.locked(settings.state_dir):
        passwords = provision(
            target.admin_url,
            database=str(target.address.database),
            prefix=target.prefix,
            key_file=target.key_file,
        )
        with target.database(passwords).closed_on_error() as database:
            migrate.upgrade(database.engine(Role.owner), prefix=target.prefix)
            database.close()  # the owner is not used at run time
            return database


def _embedded(settings: Settings) -> _Target:
    running = server.ensure_running(settings)
    return _Target(
        address=URL.create("postgresql", host=loopback_port.HOST, port=running.port, database=EMBEDDED_DATABASE),
        admin_url=running.superuser_login("postgres"),
        prefix=EMBEDDED_DATABASE,
        key_file=settings.state_dir / "keys" / "postgres-roles.json",
    )


def _configured(settings: Settings) -> _Target:
    text = settings.database_url.get_secret_value() if settings.database_url else ""
    try:
        given = make_url(text)
    except (ArgumentError, ValueError) as error:  # the latter for a port that is no number
        raise _unusable_url("it is no URL") from error
    if not given.drivername.startswith("postgres"):
        raise _unusable_url(f"it begins with {given.drivername}:")
    if not given.database:
        raise _unusable_url("it names no database")
    if len(given.database.encode()) > _LONGEST_PREFIX:
        raise _unusable_url(f"its database's name is longer than {_LONGEST_PREFIX} bytes")
    address = given.set(drivername="postgresql")
    admin_url = address.render_as_string(hide_password=False)
    try:
        conninfo_to_dict(admin_url)
    except psycopg.ProgrammingError as error:
        raise _unusable_url(str(error).strip()) from error
    return _Target(
        address=address,
        admin_url=admin_url,
        prefix=given.database,
        key_file=settings.state_dir / "keys" / "database-url-roles.json",
    )


def _attach_clock(settings: Settings, database: Database) -> None:
    frozen_instant = frozen_clock.reader(database)
    if settings.simulated:
        clock.read_from(frozen_instant)
        return
    clock.read_from(None)
    if instant := frozen_instant():
        raise Permanent(
            "opening the database",
            subject=settings.operation,
            cause=f"the operation is real, but this database's clock is frozen at {instant.isoformat()}",
            remedy="Give the operation a database of its own: this one belongs to a simulated operation.",
        )


def _unusable_url(cause: str) -> BadUsage:
    return BadUsage(
        "reading the database's address",
        subject=DATABASE_URL_VARIABLE,
        cause=cause,
        remedy="Set it to postgresql://USER:PASSWORD@HOST:PORT/DATABASE.",
    )
