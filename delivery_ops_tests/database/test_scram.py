"""A verifier is right when PostgreSQL lets its password in and no other."""

from __future__ import annotations

from base64 import b64decode

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from delivery_ops.database import scram
from delivery_ops.database.database import Database
from delivery_ops.database.roles import Role


def test_roles_log_in_with_the_iterations_we_chose(database: Database, shared_server: object) -> None:
    with psycopg.connect(shared_server.superuser_login("postgres")) as superuser:  # type: ignore[attr-defined]
        login = make_url(database.url(Role.reader)).username
        [kept] = superuser.execute("SELECT rolpassword FROM pg_authid WHERE rolname = %s", [login]).fetchone() or [""]
    assert kept.startswith(f"SCRAM-SHA-256${scram.ITERATIONS}:")
    with psycopg.connect(database.url(Role.reader)) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_another_password_is_refused(database: Database) -> None:
    wrong = make_url(database.url(Role.reader)).set(password="wrong").render_as_string(hide_password=False)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)


def test_the_salt_makes_equal_passwords_differ() -> None:
    assert scram.verifier("same") != scram.verifier("same")


def test_libpq_computes_the_same_verifier_for_the_same_salt(shared_server: object) -> None:
    with psycopg.connect(shared_server.superuser_login("postgres")) as superuser:  # type: ignore[attr-defined]
        superuser.execute(sql.SQL("SET scram_iterations = {}").format(scram.ITERATIONS))
        superuser.execute("CREATE ROLE scram_oracle PASSWORD 'oracle'")
        query = "SELECT rolpassword FROM pg_authid WHERE rolname = 'scram_oracle'"
        [kept] = superuser.execute(query).fetchone() or [""]
        superuser.rollback()
    salt = b64decode(kept.split(":")[1].split("$")[0])
    assert scram.verifier("oracle", salt) == kept
