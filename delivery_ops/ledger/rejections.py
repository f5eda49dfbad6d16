"""What could not be kept, kept aside with the reason: nothing that came in is lost quietly.

Belongs here: the record of a refusal, its table, and which refusals still stand. Does not belong here: deciding to
refuse. The same bytes refused again for the same reason are counted, not stored again, so that a source which repeats
itself cannot fill the disk. A refused event stands until its key is kept; a refused row of a file until a load of its
source no longer meets it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, text

from delivery_ops import clock
from delivery_ops.errors import Rejected

_STORE = Path(__file__).with_name("store_rejections.sql").read_text(encoding="utf-8")
_STANDING = text(Path(__file__).with_name("standing_rejections.sql").read_text(encoding="utf-8"))
_REPLACE = text(Path(__file__).with_name("replace_rejections.sql").read_text(encoding="utf-8"))
_MAX_REASON = 2000  # characters


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejection:
    """Bytes that were refused. ``origin`` is for people: where they were met ("events.ndjson, line 12").
    ``idempotency_key`` is that of an event, where one could be read."""

    source: str
    body: bytes
    code: str
    reason: str
    origin: str
    idempotency_key: str | None = None

    @classmethod
    def of(
        cls, error: Rejected, *, source: str, body: bytes, origin: str, idempotency_key: str | None = None
    ) -> Rejection:
        """The refusal that ``error`` states."""
        return cls(
            source=source,
            body=body,
            code=error.code,
            reason=error.cause,
            origin=origin,
            idempotency_key=idempotency_key,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """A rejection that still stands. ``times_seen`` counts how often the same bytes came, last at ``last_seen_at``."""

    source: str
    origin: str
    idempotency_key: str | None
    code: str
    reason: str
    times_seen: int
    last_seen_at: datetime


def standing(connection: Connection, *, source: str | None, limit: int) -> tuple[list[Standing], int]:
    """The first ``limit`` rejections that stand, of ``source`` or of all, newest first in each; and how many do."""
    rows = list(connection.execute(_STANDING, {"source": source, "limit": limit}).mappings())
    found = [Standing(**{field.name: row[field.name] for field in fields(Standing)}) for row in rows]
    return found, rows[0]["number"] if rows else 0


def replace(connection: Connection, source: str, load_id: str | None) -> None:
    """The rows of ``source`` that the load ``load_id`` did not meet again were corrected, or are gone; without one, all
    are gone."""
    connection.execute(_REPLACE, {"source": source, "load_id": load_id, "now": clock.now()})


def store(connection: Connection, rejections: Sequence[Rejection], *, load_id: str | None = None) -> None:
    """Keep each distinct (source, bytes, code) once, with how often and when it was seen.

    Args:
        load_id: of rows of a file, the load that met them.
    """
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
            "keys": [latest[key].idempotency_key for key in keys],
            "load_id": load_id,
            "times": [seen[key] for key in keys],
            "now": clock.now(),
        },
    )
