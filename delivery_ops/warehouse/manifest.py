"""The manifest: what the dbt project consists of, as dbt itself reads it.

Belongs here: parsing the project when its manifest is missing or old. Does not belong here: what is read out of it
(``marts``, and Dagster's definitions). ``make lint`` runs this module: does the project parse?
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from delivery_ops.warehouse.dbt import invoke
from delivery_ops.warehouse.project import PROJECT, places

MANIFEST = PROJECT / "target" / "manifest.json"

_SOURCES = ("dbt_project.yml", "profiles.yml", "models", "macros", "tests")


def ensure_manifest() -> Path:
    """The project's manifest, parsed anew where it is missing or older than a source file of the project.

    Needs neither a database nor an operation's files. Safe for several processes: the file is renamed into place.

    Raises:
        Permanent: the project does not parse.
    """
    if not _is_current(MANIFEST):
        MANIFEST.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=MANIFEST.parent) as scratch:
            begun = Path(scratch).stat().st_mtime_ns
            invoke(["parse", *places(Path(scratch))])
            parsed = Path(scratch) / MANIFEST.name
            os.utime(parsed, ns=(begun, begun))  # a source changed during the parse is newer than it
            parsed.replace(MANIFEST)
    return MANIFEST


def _is_current(manifest: Path) -> bool:
    if not manifest.exists():
        return False
    written = manifest.stat().st_mtime
    roots = [PROJECT / name for name in _SOURCES]
    paths = [path for root in roots for path in (root, *root.rglob("*"))]  # a folder's time tells of removed files
    return all(path.stat().st_mtime < written for path in paths)


if __name__ == "__main__":  # `make lint`: does the project parse?
    ensure_manifest()
