"""``up`` and ``down``: the long-lived processes of one operation, started, watched and ended together.

Belongs here: which processes an operation consists of, that there is one ``up`` at a time, and that the end of one
process ends ``up`` with its name. Does not belong here: PostgreSQL, which outlives ``up`` on purpose (``database``),
what the processes do, and the file by which ``up`` is found again (``up_record``).
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

from delivery_ops import process_sessions, up_record
from delivery_ops.database.server import plain_errors
from delivery_ops.errors import BadUsage, Permanent
from delivery_ops.process_sessions import Session
from delivery_ops.settings import REPOSITORY, Settings, option_of

_HOST = "127.0.0.1"
_END_WITHIN_SECONDS = 60
_LOOK_AGAIN_SECONDS = 0.2
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, kw_only=True, slots=True)
class Started:
    """A child process that was started, and where it writes."""

    name: str
    pid: int
    log: Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    """What ``up`` has started, and where its webserver is, or will be."""

    url: str
    processes: tuple[Started, ...]

    def as_record(self) -> dict[str, Any]:
        """As plain values, for ``--json``."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """One child process: its name for people, its command line, and its log file."""

    name: str
    command: tuple[str, ...]
    log: Path


def programs(settings: Settings, *, port: int) -> tuple[Program, ...]:
    """What ``up`` starts: Dagster's webserver on ``port`` of 127.0.0.1, and its daemon (schedules, backfills)."""
    logs = settings.state_dir / "logs"
    scripts = Path(sys.executable).parent
    workspace = ("--workspace", str(REPOSITORY / "workspace.yaml"))
    webserver = (str(scripts / "dagster-webserver"), *workspace, "--host", _HOST, "--port", str(port))
    daemon = (str(scripts / "dagster-daemon"), "run", *workspace)
    return (
        Program(name="Dagster webserver", command=webserver, log=logs / "dagster-webserver.log"),
        Program(name="Dagster daemon", command=daemon, log=logs / "dagster-daemon.log"),
    )


def up(settings: Settings, *, port: int, begun: Callable[[Running], None], serving: Callable[[Running], None]) -> None:
    """Start every program, and wait until Ctrl-C, ``down``, or the end of one of them; then end the others.

    Args:
        begun: told once every program is started.
        serving: told once the webserver answers.

    Raises:
        BadUsage: ``up`` already runs for this operation, or ``port`` is taken.
        Permanent: a program ended by itself; its log is named.
    """
    with _alone(settings) as record:
        _require_free(port)
        wanted, environment = programs(settings, port=port), _prepared(settings)
        dead = _kept_running(wanted, environment, record, port=port, begun=begun, serving=serving)
    if dead is not None:
        program, code = dead
        raise Permanent(
            "running the operation",
            subject=program.name,
            cause=f"it ended by itself with exit code {code}",
            remedy=f"Its last words are in {program.log}.",
        )


def end_up(settings: Settings) -> bool:
    """End a running ``up`` of this operation, or what a killed one has left. Returns whether there was anything.

    Raises:
        Permanent: it does not end.
    """
    file = up_record.file(settings)
    if not file.exists():
        return False
    with file.open("r+", encoding="ascii", errors="replace") as record:
        if up_record.locked(record):
            return process_sessions.end(up_record.forgotten(record))
        process = None
        deadline = time.monotonic() + _END_WITHIN_SECONDS
        while not up_record.locked(record):  # it lets go when it has ended everything
            if process is None and (process := up_record.owner(record)):
                with suppress(ProcessLookupError):  # it has ended since, or before it could let go
                    os.kill(process, signal.SIGTERM)
            if time.monotonic() > deadline:
                raise Permanent(
                    "ending the operation's processes",
                    subject=f"the `up` that holds {file}",
                    cause=f"it still runs after {_END_WITHIN_SECONDS} s",
                    remedy=f"End it ({f'`kill -9 {process}`' if process else f'`fuser {file}` names it'}), then run "
                    f"`delivery-ops down{option_of(settings.config_dir)}` again.",
                )
            time.sleep(0.05)
    return True


@contextmanager
def _alone(settings: Settings) -> Iterator[TextIO]:
    """The record of this ``up``, locked; what a killed one has left is ended before."""
    with plain_errors("starting the operation", settings.state_dir):
        settings.state_dir.mkdir(parents=True, exist_ok=True)
        opened = up_record.file(settings).open("a+", encoding="ascii", errors="replace")
    with opened as record:
        if not up_record.locked(record):
            owner = up_record.owner(record)
            raise BadUsage(
                "starting the operation",
                subject=settings.operation,
                cause="it already runs" + (f" (process {owner})" if owner else ""),
                remedy=f"Use it, or end it with `delivery-ops down{option_of(settings.config_dir)}`.",
            )
        remains = up_record.forgotten(record)
        print(os.getpid(), file=record, flush=True)
        process_sessions.end(remains)
        yield record
        record.truncate(0)


def _prepared(settings: Settings) -> dict[str, str]:
    """The environment for Dagster's processes; its tables made, and what killed runs hold given back."""
    import dagster as dg  # three seconds, and `down` needs none of it

    from delivery_ops import dagster_home, killed_runs
    from delivery_ops.database.opening import open_database
    from delivery_ops.warehouse.manifest import ensure_manifest

    with closing(open_database(settings)) as database:
        ensure_manifest()
        environment = dagster_home.prepare(settings, database)
    os.environ.update(environment)
    with dg.DagsterInstance.get() as instance:
        killed_runs.clear_up(instance)
    return environment


def _kept_running(
    wanted: tuple[Program, ...],
    environment: dict[str, str],
    record: TextIO,
    *,
    port: int,
    begun: Callable[[Running], None],
    serving: Callable[[Running], None],
) -> tuple[Program, int] | None:
    """Run ``wanted`` until we are told to end (``None``), or until one ends by itself: it, with its exit code."""
    ended, told = threading.Event(), threading.Event()
    children: list[tuple[Program, subprocess.Popen[bytes]]] = []
    sessions: list[Session] = []

    def end(_signal: int, _frame: FrameType | None) -> None:
        told.set()
        ended.set()

    def tell_end(child: subprocess.Popen[bytes]) -> None:
        child.wait()
        ended.set()

    with ExitStack() as stack:
        stack.callback(process_sessions.end, sessions)
        for number in _ENDING:
            if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
                stack.callback(signal.signal, number, signal.signal(number, end))
        for program in wanted:
            child = process_sessions.begin(program.command, log=program.log, folder=REPOSITORY, environment=environment)
            children.append((program, child))
            sessions.append(Session.of(child))
            print(sessions[-1], file=record, flush=True)
            threading.Thread(target=tell_end, args=(child,), daemon=True).start()
        started = tuple(Started(name=program.name, pid=child.pid, log=program.log) for program, child in children)
        running = Running(url=f"http://{_HOST}:{port}", processes=started)
        begun(running)
        while not ended.wait(_LOOK_AGAIN_SECONDS):
            if _answers(port):
                print(running.url, file=record, flush=True)
                serving(running)
                break
        ended.wait()
        dead = [(program, child.returncode) for program, child in children if child.poll() is not None]
    return None if told.is_set() else dead[0]


def _require_free(port: int) -> None:
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((_HOST, port))
        except OSError as error:
            raise BadUsage(
                "starting the operation",
                subject=f"port {port} of {_HOST}",
                cause=str(error),
                remedy="Name another one with --port.",
            ) from error


def _answers(port: int) -> bool:
    connection = HTTPConnection(_HOST, port, timeout=5)
    try:
        connection.request("GET", "/server_info")
        connection.getresponse()
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
    return True
