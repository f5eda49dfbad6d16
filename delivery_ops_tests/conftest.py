"""What every test may ask for: minimal settings, a fresh database, the reference data.

One embedded server runs for the session, in a folder of its own; each test that asks for ``database`` gets a copy
of one migrated template on it, so that no test sees another's rows.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from sqlalchemy import make_url

from delivery_ops import clock
from delivery_ops.database import keys, server
from delivery_ops.database.database import Database
from delivery_ops.database.opening import EMBEDDED_DATABASE, open_database
from delivery_ops.database.roles import Role
from delivery_ops.database.server import Server
from delivery_ops.settings import REPOSITORY, Settings

REFERENCE_DATA = "DELIVERY_OPS_REFERENCE_DATA"

for _name in [name for name in os.environ if name.startswith("DELIVERY_OPS_") and name != REFERENCE_DATA]:
    del os.environ[_name]  # a developer's own operation must not decide what a test sees

# Whoever starts the tests in the background may have Ctrl-C and hang-up ignored, which is inherited; tests of both, and
# of the processes they end, would then wait for ever.
for _number, _default in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _default)

# How long an example takes says how busy the machine is, not whether the code is right. The same commit meets the same
# examples, so that no landing hangs on luck; what nobody thought of is found by drawing anew, and then pinned.
hypothesis.settings.register_profile("repeatable", deadline=None, derandomize=True)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=2000, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

_numbers = itertools.count(1)

NewDatabase = Callable[[], AbstractContextManager[str]]


@pytest.fixture(autouse=True)
def _system_clock() -> Iterator[None]:
    """No test leaves the clock frozen for the next."""
    yield
    clock.read_from(None)


@pytest.fixture
def settings_factory(tmp_path: Path) -> Callable[..., Settings]:
    """Settings of a minimal operation whose files lie in ``tmp_path``; keyword arguments replace fields."""

    def settings(**changes: Any) -> Settings:
        return _minimal_settings(**{"state_dir": tmp_path / "state", "config_dir": tmp_path, **changes})

    return settings


@pytest.fixture
def settings(settings_factory: Callable[..., Settings]) -> Settings:
    return settings_factory()


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Callable[[], Path]]:
    """Makes state folders that an embedded server's account can enter (``tmp_path`` is closed to it); they go
    at the end of the session."""
    made: list[Path] = []
    # In memory where there is plenty: making a data folder writes 40 MB to the disk and waits for it.
    memory = Path("/dev/shm")  # noqa: S108
    place = memory if memory.is_dir() and shutil.disk_usage(memory).free > 4 * 1024**3 else None

    def folder() -> Path:
        made.append(Path(tempfile.mkdtemp(prefix="delivery-ops-tests.", dir=place)))
        made[-1].chmod(0o755)
        return made[-1]

    yield folder
    for path in made:
        shutil.rmtree(path)


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedServer:
    """The session's PostgreSQL: its superuser's logins, and the roles' passwords in the template."""

    running: Server
    role_passwords: dict[str, str]

    def superuser_login(self, name: str) -> str:
        return self.running.superuser_login(name)

    def administer(self, statement: Any) -> None:
        with psycopg.connect(self.superuser_login("postgres"), autocommit=True) as connection:
            connection.execute(statement)


@pytest.fixture(scope="session")
def shared_server(server_folder: Callable[[], Path]) -> Iterator[SharedServer]:
    state_dir = server_folder()
    settings = _minimal_settings(state_dir=state_dir, config_dir=state_dir)
    try:
        open_database(settings).close()
        passwords = keys.read(state_dir / "keys" / "postgres-roles.json", Role)
        assert passwords
        shared = SharedServer(running=server.ensure_running(settings), role_passwords=passwords)
        shared.administer("ALTER SYSTEM SET fsync = off")  # no test's rows need to outlive the machine
        shared.administer("SELECT pg_reload_conf()")
        yield shared
    finally:
        server.stop(settings, force=True)


@pytest.fixture
def database(shared_server: SharedServer) -> Iterator[Database]:
    """A fresh database at the newest revision, empty; its roles are the template's."""
    name = f"test_{next(_numbers)}"
    copy = SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}")
    owner = Role.owner.login(EMBEDDED_DATABASE)
    shared_server.administer(copy.format(Identifier(name), Identifier(EMBEDDED_DATABASE), Identifier(owner)))
    fresh = Database(
        address=make_url(shared_server.superuser_login(name)),
        prefix=EMBEDDED_DATABASE,
        passwords=shared_server.role_passwords,
    )
    yield fresh
    fresh.close()
    shared_server.administer(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


@pytest.fixture
def empty_database_url(new_database: NewDatabase) -> Iterator[str]:
    """A superuser's URL of an empty database. As ``database_url`` of some settings it stands for a PostgreSQL of
    the user's own, and ``open_database`` needs no second server. Its roles go with it."""
    with new_database() as url:
        yield url


@pytest.fixture(scope="session")
def new_database(shared_server: SharedServer) -> NewDatabase:
    """Makes such databases for tests that share one among them; each goes at the end of its context."""

    @contextmanager
    def made() -> Iterator[str]:
        name = f"test_{next(_numbers)}"
        shared_server.administer(SQL("CREATE DATABASE {}").format(Identifier(name)))
        yield shared_server.superuser_login(name)
        shared_server.administer(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))
        for role in Role:
            shared_server.administer(SQL("DROP ROLE IF EXISTS {}").format(Identifier(role.login(name))))

    return made


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


def _minimal_settings(**changes: Any) -> Settings:
    minimal = {
        "operation": "test",
        "zone": "Europe/Berlin",
        "clients": [{"id": "acme", "name": "Acme", "tier": "gold"}],
        "deliverable_types": ["landing_page"],
    }
    return Settings.model_validate(minimal | changes)
