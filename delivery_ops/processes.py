"""``up`` and ``down``: the long-lived processes of one operation, started, watched and ended together.

Belongs here: which processes an operation consists of, their logs, and that the end of one ends ``up`` with its
name. Does not belong here: PostgreSQL, which outlives ``up`` on purpose (``database``), and what the processes do.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import psutil

from delivery_ops.errors import BadUsage, Permanent
from delivery_ops.settings import REPOSITORY, Settings

_PID_FILE = "up.pid"
_END_TIMEOUT_SECONDS = 15


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
    webserver = (str(scripts / "dagster-webserver"), *workspace, "--host", "127.0.0.1", "--port", str(port))
    daemon = (str(scripts / "dagster-daemon"), "run", *workspace)
    return (
        Program(name="Dagster webserver", command=webserver, log=logs / "dagster-webserver.log"),
        Program(name="Dagster daemon", command=daemon, log=logs / "dagster-daemon.log"),
    )


def up(settings: Settings, *, environment: Mapping[str, str], port: int, say: Callable[[str], None]) -> None:
    """Start every program, and wait until Ctrl-C, ``down``, or the end of one of them; then end the others.

    Args:
        environment: what the children get besides this process's environment (``dagster_home.prepare``).
        say: told each line a person should see.

    Raises:
        BadUsage: ``up`` already runs for this operation.
        Permanent: a program ended by itself; its log is named.
    """
    pid_file = settings.state_dir / _PID_FILE
    if (running := _running(pid_file)) is not None:
        raise BadUsage(
            "starting the operation",
            subject=settings.operation,
            cause=f"it already runs (process {running.pid})",
            remedy="Use it, or end it with `delivery-ops down`.",
        )
    told_to_end = threading.Event()
    ended = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        told_to_end.set()
        ended.set()

    pid_file.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        for number in (signal.SIGINT, signal.SIGTERM):
            stack.callback(signal.signal, number, signal.signal(number, end))
        pid_file.write_text(f"{os.getpid()}\n", encoding="ascii")
        stack.callback(pid_file.unlink, missing_ok=True)
        children = []
        for program in programs(settings, port=port):
            child = _start(program, environment)
            children.append((program, child))
            stack.callback(_end, child)
            threading.Thread(target=_tell_end, args=(child, ended), daemon=True).start()
            say(f"{program.name}: process {child.pid}, log {program.log}")
        say(f"Runs and lineage: http://127.0.0.1:{port}    (Ctrl-C ends everything but PostgreSQL)")
        ended.wait()
        dead = [(program, child.returncode) for program, child in children if child.poll() is not None]
    if dead and not told_to_end.is_set():
        program, code = dead[0]
        raise Permanent(
            "running the operation",
            subject=program.name,
            cause=f"it ended by itself with exit code {code}",
            remedy=f"Its last words are in {program.log}.",
        )


def end_up(settings: Settings) -> bool:
    """End a running ``up`` of this operation and wait for it. Returns whether there was one."""
    process = _running(settings.state_dir / _PID_FILE)
    if process is None:
        return False
    process.terminate()
    process.wait(timeout=2 * _END_TIMEOUT_SECONDS)
    return True


def _start(program: Program, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    program.log.parent.mkdir(parents=True, exist_ok=True)
    with program.log.open("ab") as log:
        # A session of its own: Ctrl-C reaches us alone, and we end the children in order.
        return subprocess.Popen(
            program.command,
            env={**os.environ, **environment},
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _tell_end(child: subprocess.Popen[bytes], ended: threading.Event) -> None:
    child.wait()
    ended.set()


def _end(child: subprocess.Popen[bytes]) -> None:
    """End ``child`` and every process it started (the webserver keeps code servers of its own)."""
    if child.poll() is not None:
        return
    family = [*psutil.Process(child.pid).children(recursive=True), psutil.Process(child.pid)]
    for process in family:
        _signal(process, signal.SIGTERM)
    _, alive = psutil.wait_procs(family, timeout=_END_TIMEOUT_SECONDS)
    for process in alive:
        _signal(process, signal.SIGKILL)


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return


def _running(pid_file: Path) -> psutil.Process | None:
    """The live ``up`` that wrote ``pid_file``; a file left by a killed one, or a reused pid, counts as none."""
    try:
        process = psutil.Process(int(pid_file.read_text(encoding="ascii")))
        started_before_file = process.create_time() <= pid_file.stat().st_mtime
    except (OSError, ValueError, psutil.NoSuchProcess):
        return None
    return process if started_before_file and process.is_running() else None
