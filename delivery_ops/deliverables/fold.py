"""The consumer ``deliverables``: the state that a batch of events touches is read, changed and written back.

Belongs here: SQL of the fold's three tables, in the consumer's transaction. Does not belong here: what an event
changes (``state``), and questions of other rooms (``pages``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Row, delete, select
from sqlalchemy import insert as plain_insert
from sqlalchemy.dialects.postgresql import insert

from delivery_ops.contracts.envelope import RecordedEvent
from delivery_ops.deliverables.intervals import Interval
from delivery_ops.deliverables.pages import url_owners
from delivery_ops.deliverables.stages import Progress, Stage
from delivery_ops.deliverables.state import Deliverable, StageMove, State
from delivery_ops.deliverables.tables import among, deliverable, deliverable_url, stage_move
from delivery_ops.ledger.consume import Consumer
from delivery_ops.urls import page_key


def apply(connection: Connection, events: Sequence[RecordedEvent]) -> None:
    """Fold ``events``, which follow on those folded so far."""
    before = _load(connection, events)
    after = State(deliverables=dict(before.deliverables), pages=dict(before.pages))
    for event in events:
        after.apply(event)
    _save_deliverables(
        connection, [one for key, one in after.deliverables.items() if before.deliverables.get(key) != one]
    )
    _save_pages(connection, {key: page for key, page in after.pages.items() if before.pages.get(key) != page})
    _save_moves(connection, after.moves)


def reset(connection: Connection) -> None:
    """Empty the fold."""
    for table in (stage_move, deliverable_url, deliverable):
        connection.execute(delete(table))


DELIVERABLES = Consumer("deliverables", apply, reset)


def _load(connection: Connection, events: Iterable[RecordedEvent]) -> State:
    """The deliverables that ``events`` name, and every interval of the pages that they name or could empty."""
    ids, keys, withdrawing = set[str](), set[str](), set[str]()
    for event in events:
        ids.update(event.deliverable_ids)
        key = page_key(event.payload.get("url") or "")
        keys.update([key] if key else [])
        withdrawing.update(event.deliverable_ids if event.event_type == "page.unpublished" else ())
    live = select(deliverable_url.c.page_key).where(
        among(deliverable_url.c.deliverable_id, withdrawing), deliverable_url.c.valid_to.is_(None)
    )
    keys.update(connection.scalars(live))
    found = connection.execute(select(deliverable).where(among(deliverable.c.deliverable_id, ids)))
    return State(
        deliverables={row.deliverable_id: _deliverable(row) for row in found}, pages=url_owners(connection, keys)
    )


def _deliverable(row: Row[Any]) -> Deliverable:
    return Deliverable(
        deliverable_id=row.deliverable_id,
        client_id=row.client_id,
        deliverable_type=row.deliverable_type,
        tier=row.tier,
        first_source=row.first_source,
        registered_at=row.registered_at,
        url=row.url,
        page_key=row.page_key,
        published_at=row.published_at,
        progress=Progress(
            stage=row.stage and Stage(row.stage),
            since=row.stage_since,
            is_told=row.stage_is_told,
            holding=frozenset(row.holding_gates),
            waiting=row.waiting_stage and Stage(row.waiting_stage),
        ),
        illegal_moves=row.illegal_moves,
    )


def _save_deliverables(connection: Connection, changed: Sequence[Deliverable]) -> None:
    if not changed:
        return
    statement = insert(deliverable)
    replaced = {column.name: column for column in statement.excluded if column.name != "deliverable_id"}
    connection.execute(
        statement.on_conflict_do_update(index_elements=["deliverable_id"], set_=replaced),
        [
            {
                "deliverable_id": one.deliverable_id,
                "client_id": one.client_id,
                "deliverable_type": one.deliverable_type,
                "tier": one.tier,
                "first_source": one.first_source,
                "registered_at": one.registered_at,
                "url": one.url,
                "page_key": one.page_key,
                "published_at": one.published_at,
                "stage": one.progress.stage,
                "stage_since": one.progress.since,
                "stage_is_told": one.progress.is_told,
                "waiting_stage": one.progress.waiting,
                "holding_gates": sorted(one.progress.holding),
                "illegal_moves": one.illegal_moves,
            }
            for one in changed
        ],
    )


def _save_pages(connection: Connection, changed: dict[str, list[Interval]]) -> None:
    if not changed:
        return
    connection.execute(delete(deliverable_url).where(among(deliverable_url.c.page_key, changed)))
    rows = [{"page_key": key, **asdict(one)} for key, page in changed.items() for one in page]
    if rows:
        connection.execute(plain_insert(deliverable_url), rows)


def _save_moves(connection: Connection, moves: Sequence[StageMove]) -> None:
    if not moves:
        return
    connection.execute(
        plain_insert(stage_move),
        [
            {
                "deliverable_id": one.deliverable_id,
                "event_id": one.event_id,
                "position": one.position,
                "from_stage": one.move.from_stage,
                "to_stage": one.move.to_stage,
                "moved_at": one.move.at,
                "illegal": one.move.illegal,
                "applied": one.move.applied,
            }
            for one in moves
        ],
    )
