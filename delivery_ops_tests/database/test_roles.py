"""What each role may do is the ledger's first protection: tested by trying, as that role, on tables that later
migrations would make."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from delivery_ops.database.database import Database
from delivery_ops.database.migrate import with_roles
from delivery_ops.database.roles import Role

PLANTED = """
    CREATE TABLE ledger.planted (position bigint GENERATED ALWAYS AS IDENTITY, body text);
    INSERT INTO ledger.planted (body) VALUES ('first');
    CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON ledger.planted
        FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change();
    CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON ledger.planted
        FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
    CREATE TABLE ops.configured (body text);
    SET ROLE :"folder";
    CREATE TABLE ops.fold (body text);
    SET ROLE :"publisher";
    CREATE TABLE analytics_data.mart (body text);
    CREATE VIEW analytics.mart AS SELECT body FROM analytics_data.mart;
    RESET ROLE;
"""

STATEMENTS = {
    "read the ledger": "SELECT * FROM ledger.planted",
    "append": "INSERT INTO ledger.planted (body) VALUES ('next') RETURNING position",
    "update the ledger": "UPDATE ledger.planted SET body = 'other'",
    "delete from the ledger": "DELETE FROM ledger.planted",
    "truncate the ledger": "TRUNCATE ledger.planted",
    "drop a ledger table": "DROP TABLE ledger.planted",
    "create in the ledger": "CREATE TABLE ledger.mine (x int)",
    "read a fold": "SELECT * FROM ops.fold",
    "rebuild a fold": "TRUNCATE ops.fold; INSERT INTO ops.fold VALUES ('folded')",
    "create in ops": "CREATE TABLE ops.mine (x int)",
    "read configuration": "SELECT * FROM ops.configured",
    "ask the time": "SELECT ops.now()",
    "freeze the clock": "INSERT INTO ops.clock (frozen_at) VALUES ('2026-03-30T12:00Z')",
    "read a mart": "SELECT * FROM analytics.mart",
    "read behind a mart": "SELECT * FROM analytics_data.mart",
    "publish": "CREATE OR REPLACE VIEW analytics.mart AS SELECT body FROM analytics_data.mart WHERE true",
    "publish a table": "CREATE TABLE analytics_data.mine (x int)",
    "keep a run": "CREATE TABLE dagster.runs (x int)",
    "create in public": "CREATE TABLE public.mine (x int)",
    "read passwords": "SELECT * FROM pg_authid",
}

# The owner is left out: it owns ledger and ops, and what stops it there are triggers (tested below).
ALLOWED = {
    Role.writer: {"read the ledger", "append", "ask the time"},
    Role.folder: {
        "read the ledger",
        "read a fold",
        "rebuild a fold",
        "create in ops",
        "read configuration",
        "ask the time",
        "freeze the clock",
    },
    Role.publisher: {"ask the time", "read a mart", "read behind a mart", "publish", "publish a table"},
    Role.dagster: {"keep a run"},
    Role.reader: {"read the ledger", "read a fold", "read configuration", "ask the time", "read a mart"},
    Role.analyst: {"read a mart"},
}


def _plant(database: Database) -> None:
    with database.engine(Role.owner).begin() as connection:
        connection.execute(sa.text(with_roles(PLANTED, database.prefix)))


def _may(database: Database, role: Role, statement: str) -> bool:
    refused_with = None
    with database.engine(role).connect() as connection:
        try:
            connection.execute(sa.text(statement))
        except sa.exc.ProgrammingError as error:
            refused_with = error.orig.sqlstate
        connection.rollback()
    assert refused_with in {None, "42501"}  # insufficient_privilege, and nothing else
    return refused_with is None


def test_each_role_may_do_its_work_and_nothing_else(database: Database) -> None:
    _plant(database)
    found = {
        role: {name for name, statement in STATEMENTS.items() if _may(database, role, statement)} for role in ALLOWED
    }
    assert found == ALLOWED


@pytest.mark.parametrize("name", ["update the ledger", "delete from the ledger", "truncate the ledger"])
@pytest.mark.parametrize("who", ["owner", "superuser"])
def test_triggers_refuse_changing_the_ledger_even_to(
    who: str, name: str, database: Database, shared_server: Any
) -> None:
    _plant(database)
    engine = database.engine(Role.owner)
    if who == "superuser":
        superuser = shared_server.superuser_login(engine.url.database)
        engine = sa.create_engine(superuser.replace("postgresql:", "postgresql+psycopg:"), poolclass=sa.NullPool)
    with (
        pytest.raises(sa.exc.IntegrityError, match=r"on ledger\.planted is refused: the ledger is append-only"),
        engine.begin() as connection,
    ):
        connection.execute(sa.text(STATEMENTS[name]))


def test_unqualified_names_lead_dagster_and_the_analyst_to_their_schemas(database: Database) -> None:
    found = {}
    for role in (Role.dagster, Role.analyst):
        with database.engine(role).connect() as connection:
            found[role] = connection.execute(sa.text("SELECT current_schema()")).scalar_one()
    assert found == {Role.dagster: "dagster", Role.analyst: "analytics"}


def test_every_role_sees_utc(database: Database) -> None:
    for role in Role:
        with database.engine(role).connect() as connection:
            assert connection.execute(sa.text("SHOW timezone")).scalar_one() == "UTC"
