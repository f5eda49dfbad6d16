"""The schema's versions: what the database is at, what this code knows, and the way between them.

Belongs here: running Alembic, and the ``.sql`` file beside a revision. Does not belong here: what a revision does.
Revisions are linear and only go forward: the ledger is never taken back. A revision's id is its file's name, so
that asking for the newest one costs no import of Alembic (0.3 s).
"""

from __future__ import annotations

import re
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Engine

from delivery_ops.database.roles import Role
from delivery_ops.database.unreachable import LoginRefused
from delivery_ops.errors import Permanent, Transient

MIGRATIONS = Path(__file__).with_name("migrations")
_VERSION = sa.select(sa.column("version_num", sa.String)).select_from(sa.table("alembic_version", schema="ops"))
_ROLE = re.compile(r'(?<!:):"(\w+)"')


def revisions() -> list[str]:
    """Every revision this code knows, oldest first."""
    return sorted(file.stem for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def is_current(engine: Engine) -> bool:
    """Whether the database that ``engine`` leads to is at this code's newest revision.

    It is not where it cannot be asked yet (no database, no role, no schema).

    Raises:
        Permanent: the database is newer than this code.
    """
    return _version(engine) == revisions()[-1]


def upgrade(engine: Engine, *, prefix: str) -> None:
    """Bring the database to the newest revision; a second process that does the same waits, then finds it done.

    Args:
        engine: of the role ``owner``.
        prefix: the roles' prefix, filled into the revisions' SQL.

    Raises:
        Permanent: the database is newer than this code, or refuses a revision.
    """
    from alembic import command
    from alembic.config import Config

    _version(engine)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    try:
        with engine.begin() as connection:
            config.attributes.update(connection=connection, prefix=prefix)
            command.upgrade(config, "head")
    except sa.exc.DBAPIError as error:
        raise Permanent(
            "migrating the database",
            subject=str(engine.url.database),
            cause=str(error.orig).strip(),
            remedy="Nothing was changed. Name a database that holds nothing else, or restore it from a backup.",
        ) from error


def run_sql_beside(revision: str) -> None:
    """Execute the ``.sql`` file that stands beside the revision file ``revision`` (its ``__file__``).

    ``:"writer"`` in it, psql's notation for a quoted variable, becomes the name of the role ``writer`` here.
    """
    from alembic import op

    config = op.get_context().config
    if config is None:
        msg = "a revision runs only through migrate.upgrade()"
        raise RuntimeError(msg)
    statements = with_roles(Path(revision).with_suffix(".sql").read_text("utf-8"), config.attributes["prefix"])
    op.get_bind().exec_driver_sql(statements, execution_options={"no_parameters": True})


def with_roles(statements: str, prefix: str) -> str:
    """``statements`` with every ``:"role"`` replaced by that role's quoted name."""

    def name(match: re.Match[str]) -> str:
        return '"' + Role(match.group(1)).login(prefix).replace('"', '""') + '"'

    return _ROLE.sub(name, statements)


def _version(engine: Engine) -> str | None:
    try:
        with engine.connect() as connection:
            version: str | None = connection.execute(_VERSION).scalar_one_or_none()
    except (Transient, LoginRefused, sa.exc.ProgrammingError):
        return None
    if version is not None and version not in revisions():
        raise Permanent(
            "opening the database",
            subject=str(engine.url.database),
            cause=f"its schema is at {version}, which this version of delivery_ops does not know",
            remedy=f"Update delivery_ops: this one knows the schema up to {revisions()[-1]}.",
        )
    return version
