"""psql, PostgreSQL's own shell: the machine's where it has one, else that of the wheel that also brings the server.

Belongs here: starting it with a login. Does not belong here: what is typed into it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence

from psycopg.pq import Conninfo

from delivery_ops.database.account import own_binaries


def run(url: str, arguments: Sequence[str]) -> int:
    """Run psql on ``url`` with ``arguments`` in this terminal; returns its exit code.

    The login and how to connect (``sslmode`` and the like) go through the environment, as libpq's own variables: on a
    command line every user of the machine could read the password.
    """
    given = {option.envvar: option.val for option in Conninfo.parse(url.encode()) if option.val is not None}
    login = {variable.decode(): value.decode() for variable, value in given.items() if variable}
    psql = shutil.which("psql") or str(own_binaries() / "psql")  # the wheel's is built without TLS
    return subprocess.run([psql, *arguments], env={**os.environ, **login}, check=False).returncode
