"""psql, PostgreSQL's own shell, from the wheel that also brings the server.

Belongs here: starting it with a login. Does not belong here: what is typed into it.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence

from sqlalchemy import make_url

from delivery_ops.database.account import own_binaries


def run(url: str, arguments: Sequence[str]) -> int:
    """Run psql on ``url`` with ``arguments`` in this terminal; returns its exit code.

    The password goes through the environment: on a command line every user of the machine could read it.
    """
    login = make_url(url)
    environment = {
        **os.environ,
        "PGHOST": login.host or "",
        "PGPORT": str(login.port or 5432),
        "PGUSER": login.username or "",
        "PGPASSWORD": str(login.password or ""),
        "PGDATABASE": login.database or "",
    }
    return subprocess.run([str(own_binaries() / "psql"), *arguments], env=environment, check=False).returncode
