"""Is a server running on this data folder? The answer from ``postmaster.pid`` and the process table.

Belongs here: finding the running server, and clearing away what a killed one left behind. Does not belong here:
starting and stopping (``server.py``). The file alone proves nothing: after ``kill -9`` it stays, and its process
id may by then belong to anybody. So a process counts only if it is a ``postgres`` started with ``-D`` on this very
folder. The command line is asked, not the working directory: in a container without ptrace rights root cannot
read the latter.
"""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

# https://www.postgresql.org/docs/18/storage-file-layout.html: lines of postmaster.pid, counted from 0
_PID, _PORT, _STATUS = 0, 3, 7
_REMAINS_END_WITHIN_SECONDS = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Postmaster:
    """A running server; ``ready`` is false while it starts, recovers or stops."""

    pid: int
    port: int | None
    ready: bool


def find(data: Path) -> Postmaster | None:
    """The server running on ``data``, or ``None``."""
    lines = _lock_file_lines(data)
    if not lines or not lines[_PID].isdecimal():
        return None
    pid = int(lines[_PID])
    if not _serves(pid, data):
        return None
    return Postmaster(
        pid=pid,
        port=int(lines[_PORT]) if len(lines) > _PORT and lines[_PORT] else None,
        ready=len(lines) > _STATUS and lines[_STATUS].strip() == "ready",
    )


def clear_remains(data: Path, cluster_name: str) -> None:
    """End what a killed server left running on ``data``, and drop its lock file where its process id was reused.

    Called under the operation's lock, after ``find`` found nothing. A backend in the middle of a computation
    outlives its postmaster and would make the next start fail ("pre-existing shared memory block is still in
    use"). SIGQUIT ends it at once; crash recovery follows in any case. PostgreSQL clears its own stale lock file
    unless the process id in it lives again as somebody else.
    """
    remains = [
        process
        for process in psutil.process_iter(["cmdline"])
        if _is_of(process.info["cmdline"] or [], data, cluster_name)
    ]
    for process in remains:
        _send(process, signal.SIGQUIT)
    stubborn = alive_after(_REMAINS_END_WITHIN_SECONDS, remains)
    for process in stubborn:
        _send(process, signal.SIGKILL)
    alive_after(_REMAINS_END_WITHIN_SECONDS, stubborn)
    lines = _lock_file_lines(data)
    if lines and lines[_PID].isdecimal() and psutil.pid_exists(int(lines[_PID])):
        (data / "postmaster.pid").unlink()


def _lock_file_lines(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []


def _serves(pid: int, data: Path) -> bool:
    try:
        return _is_postmaster(psutil.Process(pid).cmdline(), data)
    except psutil.Error:
        return False


def _is_postmaster(command: list[str], data: Path) -> bool:
    if len(command) < 3 or Path(command[0]).name != "postgres" or command[1] != "-D":
        return False
    try:
        return data.samefile(command[2])  # the folder, not its spelling: it may be mounted at two places
    except OSError:
        return False


def _is_of(command: list[str], data: Path, cluster_name: str) -> bool:
    """A server process shows as ``postgres: <cluster_name>: checkpointer``."""
    title = command[0] if command else ""
    return _is_postmaster(command, data) or title.startswith(f"postgres: {cluster_name}: ")


def alive_after(seconds: float, processes: list[psutil.Process]) -> list[psutil.Process]:
    """Wait for ``processes`` to end. A zombie has ended: in a container it may never be collected."""
    deadline = time.monotonic() + seconds
    alive = processes
    while (alive := [process for process in alive if not has_ended(process)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return alive


def has_ended(process: psutil.Process) -> bool:
    """Whether nothing of ``process`` runs any more."""
    try:
        return process.status() in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}
    except psutil.NoSuchProcess:
        return True


def _send(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return
