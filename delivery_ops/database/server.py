"""The embedded PostgreSQL: started on demand, recovered after a crash, left running, stopped only when nobody uses it.

Belongs here: the life of the one server of an operation, under a file lock, so that several processes starting at
the same moment start one server. Does not belong here: what is inside the database (``provision.py``,
``migrate.py``). The server outlives the process that started it, its process group and its Ctrl-C.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from delivery_ops.database import account, data_folder, keys, loopback_port, postmaster
from delivery_ops.database.postgresql_conf import configuration, memory_available
from delivery_ops.errors import Permanent, Transient
from delivery_ops.settings import Settings

# Crash recovery replays at most max_wal_size (8 GB) of log; a shutdown writes at most shared_buffers.
_READY_WITHIN_SECONDS = 600
_STOP_WITHIN_SECONDS = 300
_COMPLAINT = re.compile(r"(?:PANIC|FATAL|ERROR):\s+(.+)")
_CLIENTS = Path(__file__).with_name("clients.sql").read_text(encoding="utf-8")


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """A running embedded server."""

    data: Path
    port: int
    superuser_password: str = field(repr=False)

    def superuser_login(self, database: str) -> str:
        """The superuser's login to ``database``, as a libpq URL."""
        return f"postgresql://{data_folder.SUPERUSER}:{self.superuser_password}@{loopback_port.HOST}:{self.port}/{database}"


@contextmanager
def locked(state_dir: Path) -> Iterator[None]:
    """Hold the operation's database lock; only one process at a time makes, starts, provisions or stops it."""
    state_dir.mkdir(parents=True, exist_ok=True)
    with (state_dir / "postgres.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def ensure_running(settings: Settings) -> Server:
    """The operation's server, started (and first made) where it is not running.

    Raises:
        Permanent: port, disk or account stand in the way; a person must act.
        Transient: the server is still recovering after ten minutes.
    """
    with plain_errors("starting PostgreSQL", settings.state_dir):
        found = running(settings.state_dir)
        if found is None:
            with locked(settings.state_dir):
                found = running(settings.state_dir) or _start(settings)
        return found


def stop(settings: Settings, *, force: bool = False) -> bool:
    """Stop the operation's embedded server; whether one was running.

    Args:
        force: stop it although clients are connected; they lose their connections, committed work stays.

    Raises:
        Permanent: clients are connected (they are named), or the server does not stop.
    """
    if settings.database_url is not None:
        return False
    with plain_errors("stopping PostgreSQL", settings.state_dir):
        data = data_folder.find(settings.state_dir)
        if data is None:
            return False
        with locked(settings.state_dir):
            if postmaster.find(data) is None:
                return False
            if not force:
                _refuse_while_used(settings.state_dir)
            _pg_ctl(data, "stop", "-m", "fast", "-t", str(_STOP_WITHIN_SECONDS))
            return True


def running(state_dir: Path) -> Server | None:
    """The operation's server, if it runs and is ready."""
    data = data_folder.find(state_dir)
    found = postmaster.find(data) if data else None
    if data is None or found is None or not found.ready or found.port is None:
        return None
    return Server(data=data, port=found.port, superuser_password=_superuser_password(state_dir))


def _start(settings: Settings) -> Server:
    data = data_folder.find(settings.state_dir) or _make(settings)
    if postmaster.find(data) is None:
        name = _cluster_name(settings.operation, data)
        postmaster.clear_remains(data, name)
        port = loopback_port.chosen(settings.state_dir)
        runs_as = account.owner_of(data)
        file = data / data_folder.PROJECT_CONFIGURATION
        file.write_text(configuration(port=port, memory=memory_available(), cluster_name=name), encoding="utf-8")
        runs_as.take(file)
        _pg_ctl(data, "start", "-l", str(data / "startup.log"), "-t", str(_READY_WITHIN_SECONDS))
    return _once_ready(settings.state_dir, data)


def _make(settings: Settings) -> Path:
    file, names = _superuser_key(settings.state_dir), [data_folder.SUPERUSER]
    passwords = keys.read(file, names) or keys.make(file, names)
    return data_folder.make(settings.state_dir, operation=settings.operation, password=passwords[data_folder.SUPERUSER])


def _once_ready(state_dir: Path, data: Path) -> Server:
    """Wait for a server that another process began to start and did not live to see ready."""
    deadline = time.monotonic() + _READY_WITHIN_SECONDS
    while time.monotonic() < deadline:
        if found := running(state_dir):
            return found
        if postmaster.find(data) is None:
            raise _failed("start", data)
        time.sleep(0.05)
    raise _still_recovering(data)


def _pg_ctl(data: Path, action: str, *options: str) -> None:
    runs_as = account.owner_of(data)
    done = runs_as.run(account.binaries(runs_as) / "pg_ctl", action, "-D", data, "-w", "-s", *options)
    if done.returncode:
        recovering = action == "start" and postmaster.find(data)
        raise _still_recovering(data) if recovering else _failed(action, data, said=done.stderr)


def _still_recovering(data: Path) -> Transient:
    return Transient(
        "starting PostgreSQL",
        subject=str(data),
        cause=f"the server runs, but is not ready after {_READY_WITHIN_SECONDS} s (it is recovering)",
        remedy=f"Run the command again later; {data / 'log'} tells how far it is.",
    )


def _failed(action: str, data: Path, *, said: str = "") -> Permanent:
    return Permanent(
        f"{'stopping' if action == 'stop' else 'starting'} PostgreSQL",
        subject=str(data),
        cause=_last_complaint(data) or said.strip() or "the server gave no reason",
        remedy=f"The whole story is in {data / 'startup.log'} and {data / 'log'}.",
    )


def _last_complaint(data: Path) -> str:
    """The last thing that the newest of the server's logs calls an error, without its time stamp."""
    logs = [log for log in (data / "startup.log", *(data / "log").glob("*.log")) if log.exists()]
    newest = max(logs, key=lambda log: log.stat().st_mtime_ns, default=None)
    lines = newest.read_text(encoding="utf-8", errors="replace").splitlines() if newest else []
    complaints = (match[1] for line in reversed(lines) if (match := _COMPLAINT.search(line)))
    return next(complaints, "")


def _refuse_while_used(state_dir: Path) -> None:
    found = running(state_dir)
    if found is None:
        return
    try:
        with psycopg.connect(found.superuser_login("postgres"), application_name="delivery-ops stop") as connection:
            clients = connection.execute(_CLIENTS).fetchall()
    except psycopg.OperationalError as error:
        raise Transient(
            "stopping PostgreSQL",
            subject=str(found.data),
            cause=f"its clients cannot be listed ({str(error).strip()})",
            remedy="Try again, or stop it with --force.",
        ) from error
    if clients:
        named = "; ".join(f"{name or 'unnamed'} (user {user}, pid {pid})" for name, user, pid in clients)
        raise Permanent(
            "stopping PostgreSQL",
            subject=str(found.data),
            cause=f"{len(clients)} client{'s are' if len(clients) > 1 else ' is'} connected: {named}",
            remedy="End them first, or stop it with --force.",
        )


def _superuser_key(state_dir: Path) -> Path:
    return state_dir / "keys" / "postgres-superuser.json"


def _superuser_password(state_dir: Path) -> str:
    passwords = keys.read(_superuser_key(state_dir), [data_folder.SUPERUSER])
    if passwords is None:
        raise Permanent(
            "opening the database",
            subject=str(_superuser_key(state_dir)),
            cause="the database is there, but its password file is gone",
            remedy="Restore the file from a backup of the state folder.",
        )
    return passwords[data_folder.SUPERUSER]


def _cluster_name(operation: str, data: Path) -> str:
    """A name (at most 63 bytes) that no other server on this machine has, to know its processes by."""
    return f"{operation[:48]}-{hashlib.sha256(os.fsencode(data)).hexdigest()[:12]}"


@contextmanager
def plain_errors(doing: str, state_dir: Path) -> Iterator[None]:
    """A full disk, a missing permission, a file where a folder should be: said plainly."""
    try:
        yield
    except OSError as error:
        raise Permanent(
            doing,
            subject=str(error.filename or state_dir),
            cause=error.strerror or str(error),
            remedy="See that the state folder can be written and its disk has space, then run the command again.",
        ) from error
