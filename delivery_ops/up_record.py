"""``state_dir/up.pid``: which ``up`` runs, what it has started, and where its webserver answers.

Belongs here: reading that file, and its lock, which ``up`` holds while it lives. Does not belong here: starting and
ending anything (``processes``). Its lines: the process id of ``up``, a session for each program, the address once
something answers there. The lock says whether ``up`` lives, for a process id may be anybody's by now.
"""

from __future__ import annotations

import fcntl
import re
from pathlib import Path
from typing import TextIO

from delivery_ops.process_sessions import Session
from delivery_ops.settings import Settings

_PROCESS = re.compile(r"[1-9][0-9]{0,8}\n")  # to others a signal may go to a whole group


def file(settings: Settings) -> Path:
    """Where the record of this operation lies."""
    return settings.state_dir / "up.pid"


def locked(record: TextIO) -> bool:
    """Take the lock on ``record``; whether it was to be had. It goes when the file is closed, however that comes."""
    try:
        fcntl.flock(record, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def owner(record: TextIO) -> int | None:
    """The process id of the ``up`` that holds ``record``; ``None`` while it is only just beginning, or where somebody
    has spoilt its line."""
    record.seek(0)
    line = record.readline()
    return int(line) if _PROCESS.fullmatch(line) else None


def forgotten(record: TextIO) -> list[Session]:
    """The sessions that an ``up`` which was killed has noted; ``record`` is empty then."""
    record.seek(0)
    sessions = _sessions(record.read().splitlines())
    record.truncate(0)
    return sessions


def address(settings: Settings) -> str | None:
    """Where the webserver of a running ``up`` answers ("" until it does); ``None`` where none runs.

    Takes no lock: an ``up`` that begins at this moment must not find one.
    """
    try:
        lines = file(settings).read_text(encoding="ascii").splitlines()
    except (FileNotFoundError, ValueError):
        return None
    if not any(session.members() for session in _sessions(lines)):
        return None
    return next((line for line in lines if line.startswith("http:")), "")


def _sessions(lines: list[str]) -> list[Session]:
    return [session for line in lines[1:] if (session := Session.parse(line))]
