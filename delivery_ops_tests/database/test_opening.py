"""Opening a database, wherever it is: quick when nothing is to do, refusing what would mix two operations."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from psycopg.sql import SQL, Identifier

from delivery_ops.database import keys, migrate
from delivery_ops.database.opening import open_database
from delivery_ops.database.roles import Role
from delivery_ops.errors import BadUsage, DeliveryOpsError, Permanent, Transient
from delivery_ops.settings import Settings

MakeSettings = Callable[..., Settings]


@pytest.fixture
def open_with(settings_factory: MakeSettings) -> Iterator[Callable[..., Any]]:
    """Opens an operation's database and closes it at the end."""
    opened = []

    def opening(url: str | None, **changes: Any) -> Any:
        opened.append(open_database(settings_factory(database_url=url, **changes)))
        return opened[-1]

    yield opening
    for database in opened:
        database.close()


def test_a_first_opening_makes_everything_and_a_second_only_asks(
    new_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = open_database(new_settings)
    with first.engine(Role.analyst).connect() as connection:
        assert connection.execute(sa.text("SELECT current_user")).scalar_one() == "delivery_ops_analyst"

    def refused(*_: object, **__: object) -> None:
        pytest.fail("opening a database that is up and current started a process")

    monkeypatch.setattr(subprocess, "Popen", refused)
    monkeypatch.setattr(migrate, "upgrade", refused)
    begun = time.perf_counter()
    second = open_database(new_settings)
    took = time.perf_counter() - begun
    assert second.url(Role.writer) == first.url(Role.writer)
    assert took < 0.3
    first.close()
    second.close()


def test_a_database_of_ones_own_gets_roles_named_after_it(
    open_with: Callable[..., Any], empty_database_url: str
) -> None:
    database = open_with(empty_database_url)
    name = sa.make_url(empty_database_url).database
    assert sa.make_url(database.url(Role.writer)).username == f"{name}_writer"
    with database.engine(Role.reader).connect() as connection:
        assert (
            connection.execute(sa.text("SELECT version_num FROM ops.alembic_version")).scalar_one()
            == (migrate.revisions()[-1])
        )


@pytest.fixture
def database_admin(empty_database_url: str, shared_server: Any) -> Iterator[Callable[..., str]]:
    """Makes a login that is no superuser, and hands out its URL of the empty database."""
    url = sa.make_url(empty_database_url)
    login, name = Identifier(f"{url.database}_admin"), Identifier(url.database)

    def made(*, owns_database: bool, creates_roles: bool) -> str:
        attributes = SQL("CREATEROLE" if creates_roles else "NOCREATEROLE")
        shared_server.administer(SQL("CREATE ROLE {} LOGIN PASSWORD 'secret' {}").format(login, attributes))
        if owns_database:
            shared_server.administer(SQL("ALTER DATABASE {} OWNER TO {}").format(name, login))
        return url.set(username=f"{url.database}_admin", password="secret").render_as_string(hide_password=False)

    yield made
    shared_server.administer(SQL("ALTER DATABASE {} OWNER TO postgres").format(name))
    with psycopg.connect(empty_database_url) as connection:
        for role in Role:
            if connection.execute("SELECT to_regrole(%s)", [role.login(url.database)]).fetchone() != (None,):
                made_role = Identifier(role.login(url.database))
                connection.execute(SQL("DROP OWNED BY {} CASCADE").format(made_role))
                connection.execute(SQL("DROP ROLE {}").format(made_role))
        connection.execute(SQL("DROP ROLE {}").format(login))


def test_the_login_need_not_be_a_superuser(open_with: Callable[..., Any], database_admin: Callable[..., str]) -> None:
    database = open_with(database_admin(owns_database=True, creates_roles=True))
    with database.engine(Role.writer).connect() as connection:
        connection.execute(sa.text("SELECT ops.now()"))


@pytest.mark.parametrize(
    ("owns_database", "creates_roles"),
    [(False, True), (True, False)],
    ids=["it does not own the database", "it may not create roles"],
)
def test_a_login_that_may_not_is_refused_and_told_what_it_needs(
    owns_database: bool,
    creates_roles: bool,
    open_with: Callable[..., Any],
    database_admin: Callable[..., str],
    empty_database_url: str,
) -> None:
    url = database_admin(owns_database=owns_database, creates_roles=creates_roles)
    with pytest.raises(Permanent, match="permission denied") as refusal:
        open_with(url)
    assert "CREATEROLE" in refusal.value.remedy
    with psycopg.connect(empty_database_url) as connection:
        query = "SELECT to_regrole(%s)"
        assert connection.execute(query, [f"{connection.info.dbname}_owner"]).fetchone() == (None,)


def test_a_database_of_another_operation_is_refused(
    open_with: Callable[..., Any], empty_database_url: str, tmp_path: Path
) -> None:
    open_with(empty_database_url)
    with pytest.raises(Permanent, match="exist, and their passwords are not in"):
        open_with(empty_database_url, state_dir=tmp_path / "other")
    keys.make(tmp_path / "third" / "keys" / "database-url-roles.json", Role)
    with pytest.raises(Permanent, match="cannot log in with the password in"):
        open_with(empty_database_url, state_dir=tmp_path / "third")


def test_a_database_newer_than_the_code_is_refused(open_with: Callable[..., Any], empty_database_url: str) -> None:
    open_with(empty_database_url)
    with psycopg.connect(empty_database_url) as connection:
        connection.execute("UPDATE ops.alembic_version SET version_num = '9999_from_the_future'")
    with pytest.raises(Permanent, match="at 9999_from_the_future") as refusal:
        open_with(empty_database_url)
    assert f"up to {migrate.revisions()[-1]}" in refusal.value.remedy


def test_a_database_that_holds_something_else_is_left_as_it_is(
    open_with: Callable[..., Any], empty_database_url: str
) -> None:
    with psycopg.connect(empty_database_url) as connection:
        connection.execute("CREATE SCHEMA ledger")
    with pytest.raises(Permanent, match='schema "ledger" already exists'):
        open_with(empty_database_url)
    with psycopg.connect(empty_database_url) as connection:
        schemas = "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_|^information_schema$' ORDER BY 1"
        assert [name for (name,) in connection.execute(schemas)] == ["ledger", "public"]


@pytest.mark.parametrize(
    ("url", "family", "cause"),
    [
        ("not a url", BadUsage, "it is no URL"),
        ("postgresql://u:p@127.0.0.1:port/db", BadUsage, "it is no URL"),
        ("postgresql://u:p@127.0.0.1:5432/db?colour=blue", BadUsage, 'invalid URI query parameter: "colour"'),
        ("mysql://u:p@127.0.0.1/db", BadUsage, "it begins with mysql:"),
        ("postgresql://u:p@127.0.0.1:5432/", BadUsage, "it names no database"),
        (f"postgresql://u:p@127.0.0.1:5432/{'d' * 51}", BadUsage, "longer than 50 bytes"),
        ("postgresql://u:p@127.0.0.1:1/db", Transient, "onnection"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_a_url_that_leads_nowhere_is_said_plainly(
    url: str, family: type[DeliveryOpsError], cause: str, open_with: Callable[..., Any]
) -> None:
    with pytest.raises(family, match=cause) as refusal:
        open_with(url)
    assert "u:p@" not in str(refusal.value)


@pytest.mark.parametrize(
    ("wrong", "cause"),
    [
        pytest.param({"password": "guessed"}, "password authentication failed", id="another password"),
        pytest.param({"username": "nobody"}, "password authentication failed", id="a user that is not there"),
        pytest.param({"database": "nowhere"}, 'database "nowhere" does not exist', id="a database that is not there"),
    ],
)
def test_a_login_that_is_refused_will_not_be_let_in_by_trying_again(
    wrong: dict[str, str], cause: str, open_with: Callable[..., Any], empty_database_url: str
) -> None:
    url = sa.make_url(empty_database_url).set(**wrong).render_as_string(hide_password=False)
    with pytest.raises(Permanent, match=cause) as refusal:
        open_with(url)
    assert "DELIVERY_OPS_DATABASE_URL" in refusal.value.remedy


@pytest.mark.parametrize("fixed", ["?connect_timeout=3", ""])
def test_further_options_of_the_url_are_kept(
    fixed: str, open_with: Callable[..., Any], empty_database_url: str
) -> None:
    database = open_with(empty_database_url + fixed)
    assert database.url(Role.reader).endswith(f"{sa.make_url(empty_database_url).database}{fixed}")
