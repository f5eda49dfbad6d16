"""What every test may ask for: minimal settings, a fresh database, the reference data.

One embedded server runs for the session, in a folder of its own; each test that asks for ``database`` gets a copy
of one migrated template on it, so that no test sees another's rows.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from sqlalchemy import make_url

from delivery_ops import clock
from delivery_ops.database import keys, server
from delivery_ops.database.database import Database
from delivery_ops.database.opening import EMBEDDED_DATABASE, open_database
from delivery_ops.database.roles import Role
from delivery_ops.settings import REPOSITORY, Settings

REFERENCE_DATA = "DELIVERY_OPS_REFERENCE_DATA"

for _name in [name for name in os.environ if name.startswith("DELIVERY_OPS_") and name != REFERENCE_DATA]:
    del os.environ[_name]  # a developer's own operation must not decide what a test sees

_numbers = itertools.count(1)


@pytest.fixture(autouse=True)
def _system_clock() -> Iterator[None]:
    """No test leaves the clock frozen for the next."""
    yield
    clock.read_from(None)


@pytest.fixture
def settings_factory(tmp_path: Path) -> Callable[..., Settings]:
    """Settings of a minimal operation whose files lie in ``tmp_path``; keyword arguments replace fields."""

    def settings(**changes: Any) -> Settings:
        minimal = {
            "operation": "test",
            "zone": "Europe/Berlin",
            "state_dir": tmp_path / "state",
            "config_dir": tmp_path,
            "clients": [{"id": "acme", "name": "Acme", "tier": "gold"}],
            "deliverable_types": ["landing_page"],
        }
        return Settings.model_validate(minimal | changes)

    return settings


@pytest.fixture
def settings(settings_factory: Callable[..., Settings]) -> Settings:
    return settings_factory()


@pytest.fixture(scope="session")
def shared_server() -> Iterator[server.Server]:
    """The session's PostgreSQL, with the migrated template; stopped at the end."""
    state_dir = Path(tempfile.mkdtemp(prefix="delivery-ops-tests."))
    state_dir.chmod(0o755)  # the account that the server runs as must be able to enter it
    settings = Settings.model_validate(
        {
            "operation": "tests",
            "zone": "UTC",
            "state_dir": state_dir,
            "config_dir": state_dir,
            "clients": [{"id": "acme", "name": "Acme", "tier": "gold"}],
            "deliverable_types": ["landing_page"],
        }
    )
    try:
        open_database(settings).close()
        running = server.ensure_running(settings)
        _administer(running, "ALTER SYSTEM SET fsync = off")  # no test's rows need to outlive the machine
        _administer(running, "SELECT pg_reload_conf()")
        yield running
    finally:
        server.stop(settings, force=True)
        shutil.rmtree(state_dir, ignore_errors=True)


@pytest.fixture
def database(shared_server: server.Server) -> Iterator[Database]:
    """A fresh database at the newest revision, empty; its roles are the template's."""
    name = f"test_{next(_numbers)}"
    _administer(
        shared_server,
        SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}").format(
            Identifier(name),
            Identifier(EMBEDDED_DATABASE),
            Identifier(Role.owner.login(EMBEDDED_DATABASE)),
        ),
    )
    passwords = keys.read(shared_server.data.parent / "keys" / "postgres-roles.json")
    assert passwords
    fresh = Database(
        address=make_url(shared_server.superuser_login(name)), prefix=EMBEDDED_DATABASE, passwords=passwords
    )
    yield fresh
    fresh.close()
    _administer(shared_server, SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


@pytest.fixture
def empty_database_url(shared_server: server.Server) -> Iterator[str]:
    """A superuser's URL of an empty database: as ``database_url`` of some settings it is an operation's own
    PostgreSQL, so ``open_database`` needs no second server. Its roles go with it."""
    name = f"test_{next(_numbers)}"
    _administer(shared_server, SQL("CREATE DATABASE {}").format(Identifier(name)))
    yield shared_server.superuser_login(name)
    _administer(shared_server, SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))
    for role in Role:
        _administer(shared_server, SQL("DROP ROLE IF EXISTS {}").format(Identifier(role.login(name))))


@pytest.fixture(scope="session")
def reference_data() -> Path:
    """Real data of other companies, beside the repository and never in it; absent, its tests are skipped."""
    named = os.environ.get(REFERENCE_DATA)
    place = Path(named) if named else REPOSITORY.parent / "shared"
    if not place.is_dir():
        if named:
            pytest.fail(f"{REFERENCE_DATA}={named} is no folder")
        pytest.skip(f"no reference data at {place}; {REFERENCE_DATA} may name another place")
    return place


def _administer(running: server.Server, statement: Any) -> None:
    with psycopg.connect(running.superuser_login("postgres"), autocommit=True) as connection:
        connection.execute(statement)
