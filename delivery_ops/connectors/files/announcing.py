"""Saying what became of a load: one ``source.loaded`` for each change, and the fold of the newest one per source.

Belongs here: that event, its key, and the consumer ``sources``. Does not belong here: loading. A load that comes out
as the one before is announced under the same key, so it is a duplicate; one that differs gets a key made of what it
says and of the key before, so that a file which goes and comes back unchanged is announced each time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import get_args

from sqlalchemy import Connection, column, delete, select, table
from sqlalchemy.dialects.postgresql import insert

from delivery_ops import clock
from delivery_ops.contracts.envelope import EventDraft, RecordedEvent, canonical_json
from delivery_ops.errors import Permanent
from delivery_ops.file_source import SourceKind
from delivery_ops.ledger.consume import Consumer
from delivery_ops.ledger.ledger import Ledger

_FIELDS = ("source", "kind", "rows", "kept", "duplicate", "rejected", "digest", "error_class", "detail")
_source_load = table(
    "source_load",
    *(column(name) for name in (*_FIELDS, "idempotency_key", "loaded_at")),
    schema="ops",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a load came to, as ``source.loaded`` says it; ``error_class`` and ``detail`` where it failed."""

    source: str
    kind: SourceKind
    rows: int = 0
    kept: int = 0
    duplicate: int = 0
    rejected: int = 0
    digest: str | None = None
    error_class: str | None = None
    detail: str | None = None

    def __post_init__(self) -> None:
        if self.rows != self.kept + self.duplicate + self.rejected:
            msg = f"the balance does not add up: {self}"
            raise ValueError(msg)


@dataclass(frozen=True, kw_only=True, slots=True)
class Announced:
    """An outcome with the key and the time of the event that said it first."""

    outcome: Outcome
    idempotency_key: str
    loaded_at: datetime


def announce(ledger: Ledger, outcome: Outcome, last: Announced | None) -> bool:
    """Append ``outcome``; ``last`` is what was announced before it. True if that is news."""
    draft = EventDraft(
        event_type="source.loaded",
        source=outcome.source,
        idempotency_key=last.idempotency_key if last and last.outcome == outcome else _key(outcome, last),
        timestamp=clock.now(),
        actor_role="system",
        payload=asdict(outcome),
    )
    return append_all(ledger, [draft]) == 1


def append_all(ledger: Ledger, drafts: Sequence[EventDraft]) -> int:
    """Append ``drafts``, each of which the ledger must take; returns how many it did not have yet.

    Raises:
        Permanent: one of them was refused, which is a defect.
    """
    results = ledger.append(drafts)
    for draft, result in zip(drafts, results, strict=True):
        if result.outcome not in {"kept", "duplicate"}:
            raise Permanent(
                "loading a file source",
                subject=f"{draft.event_type} {draft.source}/{draft.idempotency_key}",
                cause=f"the ledger answered {result.outcome}: {result.reason}",
                remedy="Report this; loading the source again is safe.",
            )
    return sum(result.outcome == "kept" for result in results)


def last_loads(connection: Connection) -> dict[str, Announced]:
    """The newest announced load of each file source, by the source's name."""
    loads = {}
    for row in connection.execute(select(_source_load)).mappings():
        outcome = Outcome(**{name: row[name] for name in _FIELDS})
        loads[outcome.source] = Announced(
            outcome=outcome, idempotency_key=row["idempotency_key"], loaded_at=row["loaded_at"]
        )
    return loads


def _key(outcome: Outcome, last: Announced | None) -> str:
    about = [last.idempotency_key if last else None, asdict(outcome)]
    return f"loaded/{outcome.source}/{hashlib.sha256(canonical_json(about)).hexdigest()}"


def _apply(connection: Connection, events: Sequence[RecordedEvent]) -> None:
    newest = {
        event.payload["source"]: event
        for event in events
        if event.event_type == "source.loaded" and event.payload["kind"] in get_args(SourceKind)
    }
    for event in newest.values():
        values = {**event.payload, "idempotency_key": event.idempotency_key, "loaded_at": event.timestamp}
        statement = insert(_source_load).values(values)
        connection.execute(statement.on_conflict_do_update(index_elements=["source"], set_=values))


def _reset(connection: Connection) -> None:
    connection.execute(delete(_source_load))


SOURCES = Consumer("sources", _apply, _reset)
