"""``DELIVERY_OPS_DATABASE_URL`` promises any PostgreSQL from 15 on: opened here on Debian's own 15, by a login that is
no superuser, because what CREATEROLE allows changed in 16."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from delivery_ops.database import account, loopback_port, migrate
from delivery_ops.database.opening import open_database
from delivery_ops.database.roles import Role
from delivery_ops.settings import Settings

pytestmark = pytest.mark.system

BINARIES = Path("/usr/lib/postgresql/15/bin")


@pytest.fixture(scope="module")
def binaries() -> Path:
    if not (BINARIES / "postgres").exists():
        if os.geteuid() != 0 or not shutil.which("apt-get"):
            pytest.skip("Debian's postgresql-15 is not installed, and only root can install it")
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["/usr/bin/apt-get", "update", "-q"], check=True, env=environment)
        subprocess.run(["/usr/bin/apt-get", "install", "-qy", "postgresql-15"], check=True, env=environment)
    return BINARIES


@pytest.fixture(scope="module")
def port_of_15(binaries: Path, server_folder: Callable[[], Path]) -> Iterator[int]:
    folder = server_folder()
    data, port, runs_as = folder / "data", loopback_port.chosen(folder), account.current()
    data.mkdir()
    runs_as.take(data)
    made = runs_as.run(binaries / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8")
    assert made.returncode == 0, made.stderr
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
    started = runs_as.run(binaries / "pg_ctl", "start", "-w", "-D", data, "-l", data / "log", "-o", options)
    assert started.returncode == 0, started.stdout
    yield port
    runs_as.run(binaries / "pg_ctl", "stop", "-w", "-m", "immediate", "-D", data)


def test_an_operation_opens_on_the_oldest_server_it_promises(
    port_of_15: int, settings_factory: Callable[..., Settings]
) -> None:
    address = f"postgresql://postgres@127.0.0.1:{port_of_15}/postgres"
    with psycopg.connect(address, autocommit=True) as connection:
        assert connection.info.server_version // 10_000 == 15
        connection.execute("CREATE ROLE agency LOGIN CREATEROLE")
        connection.execute("CREATE DATABASE agency OWNER agency")
    settings = settings_factory(database_url=f"postgresql://agency@127.0.0.1:{port_of_15}/agency")
    open_database(settings).close()
    database = open_database(settings)
    assert migrate.is_current(database.engine(Role.reader))
    with database.engine(Role.publisher).begin() as connection:
        connection.execute(sa.text("CREATE VIEW analytics.mart AS SELECT 1 AS one"))
    with database.engine(Role.analyst).connect() as connection:
        assert connection.execute(sa.text("SELECT one FROM mart")).scalar_one() == 1
    with pytest.raises(sa.exc.ProgrammingError), database.engine(Role.writer).begin() as connection:
        connection.execute(sa.text("TRUNCATE ledger.event CASCADE"))
    database.close()
