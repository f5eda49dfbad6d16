"""Engines and logins: who is connected must be visible in the server, and a lost server is a transient error."""

from __future__ import annotations

import os
import signal

import psycopg
import pytest
import sqlalchemy as sa

from delivery_ops.database.database import Database
from delivery_ops.database.roles import Role
from delivery_ops.errors import Permanent, Transient
from delivery_ops_tests.conftest import SharedServer


def test_a_url_logs_in_as_its_role(database: Database) -> None:
    for role in Role:
        with psycopg.connect(database.url(role)) as connection:
            assert connection.info.user == role.login(database.prefix)


def test_each_role_has_one_engine_whose_connections_name_role_and_process(database: Database) -> None:
    engine = database.engine(Role.folder)
    assert database.engine(Role.folder) is engine
    with engine.connect() as connection:
        name = connection.execute(sa.text("SHOW application_name")).scalar_one()
    assert name == f"delivery-ops folder, process {os.getpid()}"


def test_a_password_never_shows_in_a_repr(database: Database) -> None:
    password = sa.make_url(database.url(Role.writer)).password
    assert password
    assert password not in repr(database) + repr(database.engine(Role.writer))


def test_a_connection_that_was_cut_is_replaced(database: Database) -> None:
    engine = database.engine(Role.reader)
    with engine.connect() as connection:
        pid = connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
    _cut(database, pid)
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one() != pid


def test_a_connection_cut_in_the_middle_of_work_is_transient(database: Database) -> None:
    engine = database.engine(Role.reader)
    with pytest.raises(Transient, match="terminating connection"), engine.connect() as connection:
        pid = connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
        _cut(database, pid)
        connection.execute(sa.text("SELECT 1"))


def test_a_server_that_is_not_there_is_transient() -> None:
    nowhere = Database(
        address=sa.make_url("postgresql://127.0.0.1:1/gone"), prefix="x", passwords=dict.fromkeys(Role, "y")
    )
    with pytest.raises(Transient, match=r"127\.0\.0\.1:1/gone"), nowhere.engine(Role.reader).connect():
        pass


def test_a_database_that_went_away_for_good_is_no_matter_of_time(shared_server: SharedServer) -> None:
    gone = Database(address=sa.make_url(shared_server.superuser_login("gone")), prefix="x", passwords={"reader": "y"})
    with pytest.raises(Permanent, match="password authentication failed"), gone.engine(Role.reader).connect():
        pass


def test_an_ordinary_error_stays_what_it_is(database: Database) -> None:
    with pytest.raises(sa.exc.ProgrammingError), database.engine(Role.reader).connect() as connection:
        connection.execute(sa.text("SELECT no_such_column"))


def test_ctrl_c_in_the_middle_of_a_statement_stays_ctrl_c(database: Database) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with pytest.raises(KeyboardInterrupt), database.engine(Role.reader).connect() as connection:
            connection.execute(sa.text("SELECT 1"))
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            connection.execute(sa.text("SELECT pg_sleep(30)"))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _cut(database: Database, pid: int) -> None:
    """End a backend of the role reader and wait until it is gone."""
    with psycopg.connect(database.url(Role.reader), autocommit=True) as connection:
        assert connection.execute("SELECT pg_terminate_backend(%s, 10000)", [pid]).fetchone() == (True,)
