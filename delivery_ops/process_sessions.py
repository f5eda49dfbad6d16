"""A program with everything it starts: begun as a session of its own, found again by it, ended as a whole.

Belongs here: what the operating system knows of such a session, and a note of it that outlives us. Does not belong
here: which programs there are (``processes``). A program's own children are not asked for: one whose parent has died
is nobody's child any more, and still a member of the session. While a session has a member, its number is not reused.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from delivery_ops.database.postmaster import alive_after, has_ended

_END_WITHIN_SECONDS = 15


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """A session by its leader's process id, and when that was created (seconds since 1970): ids are used again."""

    leader: int
    created: float

    @classmethod
    def of(cls, child: subprocess.Popen[bytes]) -> Session:
        """The session that ``child`` leads. It must not have been waited for yet."""
        return cls(leader=child.pid, created=psutil.Process(child.pid).create_time())

    @classmethod
    def parse(cls, line: str) -> Session | None:
        """What ``str`` has written, or ``None``."""
        leader, _, created = line.partition(" ")
        try:
            return cls(leader=int(leader), created=float(created))
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"{self.leader} {self.created!r}"

    def members(self) -> list[psutil.Process]:
        """Its processes, as far as they live."""
        processes = [process for process in psutil.process_iter() if _session_of(process) == self.leader]
        if any(process.pid == self.leader and _created(process) not in (self.created, None) for process in processes):
            return []
        return [process for process in processes if not has_ended(process)]


def begin(
    command: tuple[str, ...], *, log: Path, folder: Path, environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    """Start ``command`` in ``folder``, its output appended to ``log``; ``environment`` comes on top of ours."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            env={**os.environ, **environment},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C reaches us alone, and we end it in order
        )


def end(sessions: Iterable[Session]) -> bool:
    """End every process of ``sessions``, at first politely. Returns whether there was one."""
    members = [process for session in sessions for process in session.members()]
    for process in members:
        _send(process, signal.SIGTERM)
    for process in alive_after(_END_WITHIN_SECONDS, members):
        _send(process, signal.SIGKILL)
    alive_after(_END_WITHIN_SECONDS, members)
    return bool(members)


def _session_of(process: psutil.Process) -> int | None:
    try:
        return os.getsid(process.pid)
    except OSError:
        return None


def _created(process: psutil.Process) -> float | None:
    """``None`` where it has ended since it was found."""
    try:
        return float(process.create_time())
    except psutil.NoSuchProcess:
        return None


def _send(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return
