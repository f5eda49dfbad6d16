"""The embedded server's port on the loopback interface: chosen once per operation, then kept.

Belongs here: choosing it, keeping it in ``state_dir/postgres.port``, and saying when it is taken. Does not belong
here: asking a running server for its port. Logins handed out to BI tools contain the port, so it never changes
by itself.
"""

from __future__ import annotations

import secrets
import socket
from pathlib import Path

from delivery_ops.errors import Permanent

HOST = "127.0.0.1"
# Below the ports that operating systems hand to outgoing connections (Linux from 32768, macOS from 49152): one of
# those would often be taken by the time the server is started again.
_PORTS = range(20_000, 32_000)


def chosen(state_dir: Path) -> int:
    """The port for a server about to start, free at this moment.

    Raises:
        Permanent: the port kept for this operation is taken, or the file that keeps it is spoilt.
    """
    file = state_dir / "postgres.port"
    if not file.exists():
        port = next(port for port in secrets.SystemRandom().sample(_PORTS, 100) if _is_free(port))
        file.write_text(f"{port}\n", encoding="ascii")
        return port
    text = file.read_text(encoding="ascii").strip()
    if not text.isdecimal() or not 0 < int(text) < 65_536:
        raise _unusable_port(file, f"it holds {text!r}, not a port number")
    if not _is_free(int(text)):
        raise _unusable_port(file, f"port {text} of {HOST} is taken by another program")
    return int(text)


def _is_free(port: int) -> bool:
    with socket.socket() as attempt:
        # Connections of the server that was stopped a moment ago linger in TIME_WAIT and stand in nobody's way.
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((HOST, port))
        except OSError:
            return False
    return True


def _unusable_port(file: Path, cause: str) -> Permanent:
    return Permanent(
        "starting PostgreSQL",
        subject=str(file),
        cause=cause,
        remedy="Stop what listens there, or delete the file: the next command then chooses another port, "
        "and logins handed out before change.",
    )
