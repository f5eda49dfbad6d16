"""Where pages lie: the latest one under a name that never holds half a page, and the ones before it.

Belongs here: writing and forgetting files. Does not belong here: what a page says (``page``). A page appears whole
or not at all, since it is renamed into place; of the archived ones the hundred written last are kept.
"""

from __future__ import annotations

import os
from pathlib import Path

KEPT = 100


def put(path: Path, html: str) -> None:
    """Let ``path`` hold ``html``; whoever reads meanwhile gets the page before it, whole."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_text(html, encoding="utf-8")
    unfinished.replace(path)


def keep(folder: Path, name: str, html: str) -> None:
    """Archive ``html`` as ``folder/name``, and forget what is older than the newest ``KEPT`` of its kind."""
    folder.mkdir(exist_ok=True)
    put(folder / name, html)
    newest = sorted(folder.glob("*.html"), key=lambda page: page.stat().st_mtime_ns, reverse=True)
    for page in newest[KEPT:]:
        page.unlink()
