"""The database's generated passwords: one JSON file under ``state_dir/keys``, readable by its owner alone.

Belongs here: making the passwords once and reading them afterwards. Does not belong here: setting them in the
server (``server.py`` for its superuser, ``provision.py`` for the roles). A file is written whole and then renamed,
so that a crash leaves either no passwords or all of them.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from pathlib import Path

from delivery_ops.errors import Permanent

Passwords = dict[str, str]


def read(path: Path, names: Iterable[str]) -> Passwords | None:
    """The password of every name, or ``None`` where none were made yet.

    Raises:
        Permanent: the file is there and cannot be used.
    """
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return {name: str(kept[name]) for name in names}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise Permanent(
            "reading the database's passwords",
            subject=str(path),
            cause=f"it cannot be used ({error})",
            remedy="Run the command as the user who made this operation, or restore the file.",
        ) from error


def make(path: Path, names: Iterable[str]) -> Passwords:
    """A fresh password of 192 random bits for every name, kept in ``path`` (mode 0600)."""
    passwords = {name: secrets.token_urlsafe(24) for name in names}
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600, exist_ok=False)
    unfinished.write_text(json.dumps(passwords, indent=1), encoding="utf-8")
    unfinished.rename(path)
    return passwords
