"""How the embedded server is configured: a pure function of its port, its name and the machine's memory.

Belongs here: every setting the project decides, with its reason. Does not belong here: writing the file
(``server.py`` does, at every start). A site's own tuning goes through ``ALTER SYSTEM``, which wins over this.
"""

from __future__ import annotations

from pathlib import Path

import psutil

_MEGABYTE = 1024 * 1024
_LARGEST_SHARED_BUFFERS = 4096 * _MEGABYTE
_CGROUP_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def configuration(*, port: int, memory: int, cluster_name: str) -> str:
    """The text of the configuration file for a machine (or container) with ``memory`` bytes."""
    shared_buffers = min(memory // 4, _LARGEST_SHARED_BUFFERS) // _MEGABYTE
    values = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "max_connections": "200",  # Dagster's daemon, webserver and runs, web, worker: each with a pool per role
        "password_encryption": "scram-sha-256",
        "shared_buffers": f"{shared_buffers}MB",
        "max_wal_size": "8GB",
        "synchronous_commit": "on",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "cluster_name": cluster_name,  # names every process of this server in the process table
        # One file per weekday, overwritten a week later: the log of a server that is left running stays bounded.
        "logging_collector": "on",
        "log_directory": "log",
        "log_filename": "postgresql-%a.log",
        "log_rotation_age": "1d",
        "log_rotation_size": "0",
        "log_truncate_on_rotation": "on",
        "log_line_prefix": "%m [%p] %q%u@%d %a ",
    }
    return "".join(f"{name} = '{value}'\n" for name, value in values.items())


def memory_available() -> int:
    """Bytes of memory this process may count on: the machine's, or its container's limit where that is less."""
    limits = [psutil.virtual_memory().total]
    for file in _CGROUP_LIMITS:
        if file.exists() and (text := file.read_text(encoding="ascii").strip()).isdecimal():
            limits.append(int(text))
    return min(limits)
