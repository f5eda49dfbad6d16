"""The way from nothing to the newest schema: linear, repeatable, safe for two at once, and all or nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory

from delivery_ops.database import migrate
from delivery_ops.database.database import Database
from delivery_ops.database.provision import provision
from delivery_ops.database.roles import Role

UPGRADE = """
import sys
import sqlalchemy as sa
from delivery_ops.database import migrate
engine = sa.create_engine(sys.stdin.readline().strip())
print("ready", flush=True)
sys.stdin.readline()
migrate.upgrade(engine, prefix=sys.argv[1])
"""


def test_revisions_are_one_line_and_named_after_their_files() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrate.MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    line = [revision.revision for revision in scripts.walk_revisions()][::-1]
    assert line == migrate.revisions()
    assert scripts.get_heads() == line[-1:]


def test_a_second_upgrade_changes_nothing(database: Database) -> None:
    assert migrate.is_current(database.engine(Role.reader))
    before = _catalogue(database)
    migrate.upgrade(database.engine(Role.owner), prefix=database.prefix)
    assert _catalogue(database) == before


def test_two_processes_that_migrate_at_once_both_succeed(empty_database_url: str, tmp_path: Path) -> None:
    name = str(sa.make_url(empty_database_url).database)
    passwords = provision(empty_database_url, database=name, prefix=name, key_file=tmp_path / "keys" / "roles.json")
    database = Database(address=sa.make_url(empty_database_url), prefix=name, passwords=passwords)
    upgraders = [
        subprocess.Popen(
            [sys.executable, "-c", UPGRADE, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        for _ in range(2)
    ]
    login = database.url(Role.owner).replace("postgresql:", "postgresql+psycopg:")
    for upgrader in upgraders:
        upgrader.stdin.write(f"{login}\n")
        upgrader.stdin.flush()
        assert upgrader.stdout.readline() == "ready\n"
    for upgrader in upgraders:
        upgrader.stdin.write("\n")
        upgrader.stdin.flush()
    for upgrader in upgraders:
        upgrader.communicate()
        assert upgrader.returncode == 0
    assert migrate.is_current(database.engine(Role.reader))
    database.close()


def test_provisioning_twice_changes_nothing(empty_database_url: str, tmp_path: Path) -> None:
    name = str(sa.make_url(empty_database_url).database)
    key_file = tmp_path / "keys" / "roles.json"
    first = provision(empty_database_url, database=name, prefix=name, key_file=key_file)
    assert provision(empty_database_url, database=name, prefix=name, key_file=key_file) == first
    with psycopg.connect(empty_database_url) as connection:
        query = "SELECT rolname FROM pg_roles WHERE starts_with(rolname, %s)"
        made = {role for (role,) in connection.execute(query, [f"{name}_"])}
        superior = connection.execute(f"{query} AND (rolsuper OR rolcreaterole OR rolcreatedb)", [f"{name}_"])
        assert superior.fetchall() == []
    assert made == {role.login(name) for role in Role}


@pytest.mark.parametrize(
    ("statement", "filled"),
    [
        ('GRANT SELECT ON x TO :"reader", :"analyst"', 'GRANT SELECT ON x TO "op_reader", "op_analyst"'),
        ("SELECT ':reader', '{}'::jsonb, 5 % 2", "SELECT ':reader', '{}'::jsonb, 5 % 2"),
        ('SELECT x::"text"', 'SELECT x::"text"'),
    ],
)
def test_only_a_quoted_variable_becomes_a_role(statement: str, filled: str) -> None:
    assert migrate.with_roles(statement, "op") == filled


def test_a_role_nobody_has_is_refused() -> None:
    with pytest.raises(ValueError, match="nobody"):
        migrate.with_roles('GRANT SELECT ON x TO :"nobody"', "op")


def _catalogue(database: Database) -> list[tuple[object, ...]]:
    """Every object with its owner and grants, and the version."""
    query = sa.text(
        "SELECT nspname, relname, relowner::regrole::text, relacl::text FROM pg_class"
        " JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname !~ '^pg_' ORDER BY 1, 2"
    )
    with database.engine(Role.reader).connect() as connection:
        return [tuple(row) for row in connection.execute(query)]
