"""The roles of an operation: created once in the cluster, with their passwords, memberships and session settings.

Belongs here: what only a superuser (or an owner of the database with CREATEROLE) may do. Does not belong here:
schemas, tables and grants on them; the role ``owner`` makes those by migration. Everything here may be repeated.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import Connection
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier, Literal

from delivery_ops.database import keys, scram
from delivery_ops.database.roles import Role
from delivery_ops.database.unreachable import unreachable
from delivery_ops.errors import Permanent

OLDEST_SERVER = 150_000  # views with the invoker's rights and no CREATE for PUBLIC on the schema public: from 15 on
_LOCK = 7_235_419_001  # any number, the same in every process that provisions
_OWNED_BY_MIGRATION = (Role.folder, Role.publisher, Role.dagster)  # the owner makes their schemas and tables
_SESSION = {Role.dagster: "dagster", Role.analyst: "analytics"}  # what stands first for unqualified names
_OTHERS_DATABASE = "Copy that file from the operation the database belongs to, or name a database of its own."


def provision(admin_url: str, *, database: str, prefix: str, key_file: Path) -> keys.Passwords:
    """Create what is missing of the roles, and the database where ``admin_url`` leads to another one.

    Returns:
        The password of every role, by the role's value.

    Raises:
        Permanent: the login is refused or may not do it, the server is too old, or the roles are another operation's.
        Transient: the server does not answer.
    """
    with _plain_errors(database), psycopg.connect(admin_url, application_name="delivery-ops provision") as connection:
        if connection.info.server_version < OLDEST_SERVER:
            raise _refused(
                database,
                f"the server is PostgreSQL {connection.info.server_version // 10_000}",
                f"Use PostgreSQL {OLDEST_SERVER // 10_000} or later.",
            )
        passwords = _create_roles(connection, database, prefix, key_file)
        owner = Role.owner.login(prefix)
        if connection.info.dbname == database:
            _let_owner_create(connection, database, owner)
        connection.commit()
        if connection.info.dbname != database:
            _create_database(connection, database, owner)
    _require_fitting_passwords(admin_url, database, owner, passwords[Role.owner], key_file)
    return passwords


def _let_owner_create(connection: Connection, database: str, owner: str) -> None:
    grant = SQL("GRANT CREATE, CONNECT ON DATABASE {} TO {}")
    connection.execute(grant.format(Identifier(database), Identifier(owner)))
    # A GRANT by somebody who may not grant is only a warning, so its effect is looked at.
    granted = connection.execute("SELECT has_database_privilege(%s, %s, 'CREATE')", [owner, database]).fetchone()
    if granted != (True,):
        raise psycopg.errors.InsufficientPrivilege(f"permission denied to grant CREATE on database {database}")


def _create_database(connection: Connection, database: str, owner: str) -> None:
    connection.autocommit = True
    known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
    if known is None:
        connection.execute(SQL("CREATE DATABASE {} OWNER {}").format(Identifier(database), Identifier(owner)))


def _require_fitting_passwords(admin_url: str, database: str, owner: str, password: str, key_file: Path) -> None:
    """The roles may have been there before, with the passwords of another operation."""
    login = make_conninfo(admin_url, user=owner, password=password, dbname=database)
    try:
        psycopg.connect(login, application_name="delivery-ops provision").close()
    except psycopg.OperationalError as error:
        raise _refused(
            database,
            f"its role {owner} cannot log in with the password in {key_file} ({str(error).strip()})",
            _OTHERS_DATABASE,
        ) from error


def _create_roles(connection: Connection, database: str, prefix: str, key_file: Path) -> keys.Passwords:
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    logins = {role: role.login(prefix) for role in Role}
    query = "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)"
    existing = {name for (name,) in connection.execute(query, [list(logins.values())])}
    passwords = keys.read(key_file, Role)
    if passwords is None and existing:
        raise _refused(
            database,
            f"its roles ({', '.join(sorted(existing))}) exist, and their passwords are not in {key_file}",
            _OTHERS_DATABASE,
        )
    passwords = passwords or keys.make(key_file, Role)
    for role, login in logins.items():
        if login not in existing:
            _create_role(connection, role, login, passwords[role])
    members = SQL(", ").join(Identifier(logins[role]) for role in _OWNED_BY_MIGRATION)
    connection.execute(SQL("GRANT {} TO {}").format(members, Identifier(logins[Role.owner])))
    return passwords


def _create_role(connection: Connection, role: Role, login: str, password: str) -> None:
    # The verifier is computed here, so that no statement log of a server ever holds the password itself.
    create = SQL("CREATE ROLE {} LOGIN PASSWORD {}")
    connection.execute(create.format(Identifier(login), Literal(scram.verifier(password))))
    connection.execute(SQL("ALTER ROLE {} SET timezone = 'UTC'").format(Identifier(login)))
    if role in _SESSION:
        search_path = SQL("ALTER ROLE {} SET search_path = {}")
        connection.execute(search_path.format(Identifier(login), Identifier(_SESSION[role])))


@contextmanager
def _plain_errors(database: str) -> Iterator[None]:
    try:
        yield
    except psycopg.errors.InsufficientPrivilege as error:
        raise _refused(
            database,
            str(error).strip(),
            "Let DELIVERY_OPS_DATABASE_URL log in as a superuser, or as the database's owner with CREATEROLE.",
        ) from error
    except psycopg.OperationalError as error:
        away = "Check that the server runs and that host and port are right."
        raise unreachable(error, "opening the database", subject=database, away=away) from error


def _refused(database: str, cause: str, remedy: str) -> Permanent:
    return Permanent("providing the database's roles", subject=database, cause=cause, remedy=remedy)
