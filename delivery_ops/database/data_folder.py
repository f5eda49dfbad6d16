"""Where an embedded server's data lies, and how that folder is first made.

Belongs here: ``state_dir/postgres`` (the folder itself, or a link to it below ``/var/lib/delivery-ops`` where the
server's account cannot enter the state folder) and ``initdb``. Does not belong here: running the server. A folder
is made under another name and renamed when it is whole, so that a crash in the middle leaves nothing that looks
like a database.
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
from pathlib import Path

from delivery_ops.database import account
from delivery_ops.database.account import Account
from delivery_ops.errors import Permanent

SUPERUSER = "postgres"
PROJECT_CONFIGURATION = "delivery_ops.conf"


def find(state_dir: Path) -> Path | None:
    """The data folder of the operation in ``state_dir``, or ``None`` where it has none yet."""
    place = state_dir / "postgres"
    if place.exists():
        return place.resolve()
    if place.is_symlink():
        raise Permanent(
            "opening the database",
            subject=str(place),
            cause=f"it points to {place.readlink()}, which is gone",
            remedy="Restore that folder, or delete the link to begin with an empty database.",
        )
    return None


def make(state_dir: Path, *, operation: str, password: str) -> Path:
    """Initialise a data folder whose superuser has ``password``; returns where it lies."""
    runs_as = account.current()
    place = state_dir / "postgres"
    if runs_as.reaches(state_dir):
        return _initialise(place, runs_as, password)
    elsewhere = account.SYSTEM_FOLDER / f"{operation}-{secrets.token_hex(4)}"
    elsewhere.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    data = _initialise(elsewhere, runs_as, password)
    place.symlink_to(data)
    return data


def _initialise(data: Path, runs_as: Account, password: str) -> Path:
    unfinished = data.with_name(f"{data.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    runs_as.take(unfinished)
    with tempfile.NamedTemporaryFile("w", dir=data.parent, prefix=".initdb.") as password_file:
        password_file.write(password)
        password_file.flush()
        runs_as.take(Path(password_file.name))
        made = runs_as.run(
            account.binaries(runs_as) / "initdb",
            f"--pgdata={unfinished}",
            f"--username={SUPERUSER}",
            f"--pwfile={password_file.name}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            # Byte order everywhere: ids are compared byte by byte, and no update of the C library reorders an index.
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
        )
    if made.returncode:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise Permanent(
            "making the database's data folder",
            subject=str(data),
            cause=_complaint(made.stderr),
            remedy="See that the folder can be written and its disk has 100 MB free, then run the command again.",
        )
    with (unfinished / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write(f"\ninclude '{PROJECT_CONFIGURATION}'\n")
    unfinished.rename(data)
    return data.resolve()


def _complaint(stderr: str) -> str:
    errors = [line for line in stderr.splitlines() if "error:" in line or "FATAL:" in line]
    return (errors or stderr.strip().splitlines() or ["initdb gave no reason"])[-1]
