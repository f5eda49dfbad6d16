"""The only module that speaks SQL to the table of events: its writes, its reads, and the order of both.

Belongs here: statements and the rows they give. Does not belong here: deciding what an append comes to
(``ledger``). **Order.** A reader that asks for "after position p" would lose an event for ever if a position
became visible after a higher one. So appends take turns: positions are drawn while the turn is held, and the turn
ends only when the transaction is visible to everybody.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, column, func, select, table, union_all

from delivery_ops.contracts.envelope import Position, RecordedEvent
from delivery_ops.ledger.stored_form import Holder, Key, Sealed, unseal

_APPEND = Path(__file__).with_name("append_events.sql").read_text(encoding="utf-8")
_HOLDERS = Path(__file__).with_name("holders.sql").read_text(encoding="utf-8")
_TURN = 0x6C65_6467_6572  # "ledger" in ASCII: the advisory lock of appends

_event = table(
    "event",
    column("position"),
    column("event_id"),
    column("deliverable_id"),
    column("client_id"),
    column("stream"),
    column("stream_version"),
    column("canonical"),
    column("body_sha256"),
    schema="ledger",
)
_subject = table("event_subject", column("deliverable_id"), column("event_id"), schema="ledger")
_stored: Select[tuple[int, bytes, bytes]] = select(_event.c.position, _event.c.canonical, _event.c.body_sha256)


def take_turn(connection: Connection) -> None:
    """Wait until no other append is under way, and keep others waiting until this transaction has ended."""
    connection.execute(select(func.pg_advisory_xact_lock(_TURN)))


def append(connection: Connection, events: Sequence[Sealed]) -> dict[Key, Holder]:
    """Insert every event whose key and event_id are free; the first of equal keys wins. Returns those inserted."""
    if not events:
        return {}
    columns = {"canonical": [e.canonical for e in events], "body_sha256": [e.body_sha256 for e in events]}
    return _holders(connection, _APPEND, columns)


def holders(connection: Connection, keys: Collection[Key]) -> dict[Key, Holder]:
    """Who holds these keys. A statement of its own: under READ COMMITTED a row that was committed while an
    INSERT waited for it is invisible to that INSERT's snapshot, so one statement for both finds nobody."""
    if not keys:
        return {}
    return _holders(connection, _HOLDERS, {"sources": [s for s, _ in keys], "keys": [k for _, k in keys]})


def last_version(connection: Connection, stream: str) -> int:
    """The number of the last event in ``stream``; 0 where it has none."""
    last = connection.scalar(select(func.max(_event.c.stream_version)).where(_event.c.stream == stream))
    return last or 0


def after(connection: Connection, position: Position | None, limit: int) -> list[RecordedEvent]:
    """The next ``limit`` events behind ``position`` (``None``: from the first)."""
    query = _stored if position is None else _stored.where(_event.c.position > position)
    return _events(connection, query.order_by(_event.c.position).limit(limit))


def matching(connection: Connection, condition: ColumnElement[bool]) -> list[RecordedEvent]:
    """Every event for which ``condition`` holds, in position order."""
    return _events(connection, _stored.where(condition).order_by(_event.c.position))


def with_id(event_id: UUID) -> ColumnElement[bool]:
    """The one of this id."""
    return _event.c.event_id == event_id


def of_deliverable(deliverable_id: str) -> ColumnElement[bool]:
    """About this deliverable, alone or among many; a union, since an OR of the two would read every event."""
    alone = select(_event.c.event_id).where(_event.c.deliverable_id == deliverable_id)
    among_many = select(_subject.c.event_id).where(_subject.c.deliverable_id == deliverable_id)
    return _event.c.event_id.in_(union_all(alone, among_many))


def before(position: Position) -> ColumnElement[bool]:
    """In the trail ahead of ``position``."""
    return _event.c.position < position


def of_client(client_id: str) -> ColumnElement[bool]:
    """Of this client."""
    return _event.c.client_id == client_id


def of_stream(stream: str) -> ColumnElement[bool]:
    """In this stream."""
    return _event.c.stream == stream


def head(connection: Connection) -> Position | None:
    """The last position, or ``None`` in an empty ledger."""
    last: Position | None = connection.scalar(select(func.max(_event.c.position)))
    return last


def _holders(
    connection: Connection, statement: str, columns: Mapping[str, list[str] | list[bytes]]
) -> dict[Key, Holder]:
    # The driver's own SQL: its %(name)b sends arrays in binary, which are twice as fast as text.
    rows = connection.exec_driver_sql(statement, columns)
    return {
        (row.source, row.idempotency_key): Holder(
            event_id=row.event_id, position=row.position, body_sha256=row.body_sha256
        )
        for row in rows
    }


def _events(connection: Connection, query: Select[tuple[int, bytes, bytes]]) -> list[RecordedEvent]:
    return [
        unseal(canonical, position=position, body_sha256=digest)
        for position, canonical, digest in connection.execute(query)
    ]
