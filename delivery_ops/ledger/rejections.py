"""What could not be kept, kept aside with the reason: nothing that came in is lost quietly.

Belongs here: the record of a refusal and its table. Does not belong here: deciding to refuse. The same bytes
refused again for the same reason are counted, not stored again, so that a source which repeats itself cannot
fill the disk.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from delivery_ops import clock
from delivery_ops.errors import Rejected

_STORE = Path(__file__).with_name("store_rejections.sql").read_text(encoding="utf-8")
_MAX_REASON = 2000  # characters


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejection:
    """Bytes that were refused. ``origin`` is for people: where they were met ("events.ndjson, line 12")."""

    source: str
    body: bytes
    code: str
    reason: str
    origin: str

    @classmethod
    def of(cls, error: Rejected, *, source: str, body: bytes, origin: str) -> Rejection:
        """The refusal that ``error`` states."""
        return cls(source=source, body=body, code=error.code, reason=error.cause, origin=origin)


def store(connection: Connection, rejections: Sequence[Rejection]) -> None:
    """Keep each distinct (source, bytes, code) once, with how often and when it was seen."""
    if not rejections:
        return
    seen = Counter((r.source, hashlib.sha256(r.body).digest(), r.code) for r in rejections)
    latest = {(r.source, hashlib.sha256(r.body).digest(), r.code): r for r in rejections}
    # In key order, so that two transactions which refuse the same things wait for each other instead of dying.
    keys = sorted(latest)
    connection.exec_driver_sql(
        _STORE,
        {
            "sources": [key[0] for key in keys],
            "digests": [key[1] for key in keys],
            "codes": [key[2] for key in keys],
            "reasons": [latest[key].reason[:_MAX_REASON] for key in keys],
            "origins": [latest[key].origin for key in keys],
            "bodies": [latest[key].body for key in keys],
            "times": [seen[key] for key in keys],
            "now": clock.now(),
        },
    )
