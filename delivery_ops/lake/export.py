"""What PostgreSQL gives the lake: the ledger's new events, and each fold as one snapshot; and the proof that it did.

Belongs here: copying and comparing, all of it in one snapshot of the database, one exporter at a time. Does not
belong here: folding (the caller catches the folds up before) and what a dataset means. A file of events covers a range
of positions and is never written again; appends take turns (``ledger.event_table``), so behind an exported position
nothing can appear later.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from sqlalchemy import Connection, func, select, text

from delivery_ops.contracts.envelope import Position, RecordedEvent, canonical_json
from delivery_ops.database.database import Database
from delivery_ops.database.roles import Role
from delivery_ops.errors import Permanent
from delivery_ops.lake.datasets import (
    DELIVERABLE_URLS,
    DELIVERABLES,
    EVENTS,
    GATE_RESULTS,
    SNAPSHOT,
    STAGE_MOVES,
    Dataset,
)
from delivery_ops.lake.lake import Lake
from delivery_ops.ledger import event_table

EVENTS_PER_FILE = 50_000
_BATCH = 5_000  # events or rows in memory as Python objects at a time
_EXPORTING = 0x6C61_6B65  # "lake" in ASCII: the advisory lock of exports
_FOLDS = (DELIVERABLES, DELIVERABLE_URLS, STAGE_MOVES, GATE_RESULTS)
_SQL = Path(__file__).with_name("sql")


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """One count or sum, as PostgreSQL and as the lake's files have it; None where one of them lacks it."""

    subject: str
    in_postgres: int | None
    in_lake: int | None

    @property
    def agrees(self) -> bool:
        """Whether both say the same."""
        return self.in_postgres == self.in_lake


@dataclass(frozen=True, kw_only=True, slots=True)
class Export:
    """``events`` is how many were added; ``changed`` whether any file of the lake is another one now;
    ``comparisons`` what was counted on both sides afterwards."""

    events: int
    changed: bool
    comparisons: tuple[Comparison, ...]


def export(lake: Lake, database: Database) -> Export:
    """Add the ledger's new events, replace the folds' snapshots, and compare what both sides hold.

    Raises:
        Permanent: the lake holds the events of another ledger.
    """
    with lake.together(), _snapshot(database) as connection:
        events = _add_events(lake, connection)
        changed = [_replace_fold(lake, dataset, connection) for dataset in _FOLDS]
        return Export(events=events, changed=events > 0 or any(changed), comparisons=compare(lake, connection))


def compare(lake: Lake, connection: Connection) -> tuple[Comparison, ...]:
    """Counts and sums of events and folds, by two engines: SQL where they are kept, DuckDB over the files."""
    in_postgres = {row.subject: int(row.number) for row in connection.execute(text(_sql("counts_in_postgres")))}
    with duckdb.connect() as reader:
        rows = reader.execute(_sql("counts_in_lake"), {"root": str(lake.root)}).fetchall()
    in_lake = {subject: int(number) for subject, number in rows}
    return tuple(
        Comparison(subject=subject, in_postgres=in_postgres.get(subject), in_lake=in_lake.get(subject))
        for subject in sorted(in_postgres.keys() | in_lake.keys())
    )


@contextmanager
def _snapshot(database: Database) -> Iterator[Connection]:
    """A connection that sees one state of the database, while no other export is under way.

    The lock needs a transaction of its own: a snapshot taken while waiting for it would be older than the lake.
    """
    engine = database.engine(Role.reader)
    with engine.begin() as turn:
        turn.execute(select(func.pg_advisory_xact_lock(_EXPORTING)))
        with engine.connect() as connection:
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection


def _add_events(lake: Lake, connection: Connection) -> int:
    """Write the events behind the last exported one to new files; returns how many."""
    added, last = 0, _last_exported(lake, connection)
    while tables := _next_file(connection, last):
        first, last = tables[0]["position"][0].as_py(), Position(tables[-1]["position"][-1].as_py())
        lake.write_batches(EVENTS, f"{first:012}-{last:012}", tables)
        added += sum(table.num_rows for table in tables)
    return added


def _last_exported(lake: Lake, connection: Connection) -> Position | None:
    partitions = lake.partitions(EVENTS)
    if not partitions:
        return None
    exported = lake.read(EVENTS, partitions[-1])
    position, event_id = exported["position"][-1].as_py(), exported["event_id"][-1].as_py()
    if connection.scalar(text(_sql("event_at")), {"position": position}) != event_id:
        raise Permanent(
            "exporting events to the lake",
            subject=str(lake.root / EVENTS.name),
            cause=f"its last event, {event_id} at position {position}, is not the ledger's",
            remedy="These are another ledger's events. Move the folder away; the export writes it anew.",
        )
    return Position(position)


def _next_file(connection: Connection, last: Position | None) -> list[pa.Table]:
    """The next events behind ``last``, at most ``EVENTS_PER_FILE``, in tables of ``_BATCH``."""
    tables: list[pa.Table] = []
    while sum(table.num_rows for table in tables) < EVENTS_PER_FILE:
        events = event_table.after(connection, last, _BATCH)
        if not events:
            break
        tables.append(EVENTS.table(_row(event) for event in events))
        last = events[-1].position
    return tables


def _row(event: RecordedEvent) -> dict[str, Any]:
    return {
        "position": event.position,
        "event_id": str(event.event_id),
        "event_type": event.event_type,
        "schema_version": event.schema_version,
        "source": event.source,
        "idempotency_key": event.idempotency_key,
        "stream": event.stream,
        "stream_version": event.stream_version,
        "correlation_id": event.correlation_id,
        "causation_id": str(event.causation_id) if event.causation_id else None,
        "deliverable_id": event.deliverable_id,
        "client_id": event.client_id,
        "actor_role": event.actor_role,
        "actor_id": event.actor_id,
        "occurred_at": event.timestamp,
        "recorded_at": event.recorded_at,
        "synthetic": event.synthetic,
        "payload": canonical_json(event.payload).decode(),
        "body_sha256": event.body_sha256.hex(),
    }


def _replace_fold(lake: Lake, dataset: Dataset, connection: Connection) -> bool:
    query = text(_sql(dataset.name)).execution_options(stream_results=True, yield_per=_BATCH)
    with connection.execute(query) as result:
        parts = result.mappings().partitions()
        return lake.write_batches(dataset, SNAPSHOT, (dataset.table(map(dict, part)) for part in parts))


def _sql(name: str) -> str:
    return (_SQL / f"{name}.sql").read_text(encoding="utf-8")
