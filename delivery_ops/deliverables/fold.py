"""The consumer ``deliverables``: the state that a batch of events touches is read, changed and written back.

Belongs here: SQL of the fold's four tables, in the consumer's transaction. Does not belong here: what an event
changes (``state``), and questions of other rooms (``pages``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from functools import cache
from itertools import dropwhile
from typing import Any

from sqlalchemy import Connection, Row, delete, or_, select
from sqlalchemy import insert as plain_insert
from sqlalchemy.dialects.postgresql import insert

from delivery_ops.contracts.envelope import Position, RecordedEvent
from delivery_ops.deliverables.claims import OF_LIVE_PAGES, REGISTERED, Claim
from delivery_ops.deliverables.intervals import Interval
from delivery_ops.deliverables.stages import NEWS, Progress, Stage
from delivery_ops.deliverables.state import Deliverable, StageMove, State
from delivery_ops.deliverables.tables import among, deliverable, deliverable_url, page_claim, stage_move
from delivery_ops.ledger import event_table
from delivery_ops.ledger.consume import Consumer
from delivery_ops.urls import page_key


def apply(connection: Connection, events: Sequence[RecordedEvent]) -> None:
    """Fold ``events``, which follow on those folded so far."""
    state = _load(connection, events)
    before = dict(state.deliverables)
    state.apply(events)
    _save_deliverables(connection, [one for key, one in state.deliverables.items() if before.get(key) != one])
    _save_claims(connection, state.made)
    _save_pages(connection, state.pages)
    _forget_moves(connection, state.retold)
    _save_moves(connection, [move for moves in state.moves.values() for move in moves])


def reset(connection: Connection) -> None:
    """Empty the fold."""
    for table in (stage_move, deliverable_url, page_claim, deliverable):
        connection.execute(delete(table))


DELIVERABLES = Consumer("deliverables", apply, reset)


def _load(connection: Connection, events: Sequence[RecordedEvent]) -> State:
    ids = {one for event in events for one in event.deliverable_ids}
    found = connection.execute(select(deliverable).where(among(deliverable.c.deliverable_id, ids)))

    @cache
    def earlier(deliverable_id: str) -> list[RecordedEvent]:
        return _news(connection, deliverable_id, events[0].position)

    return State(
        deliverables={row.deliverable_id: _deliverable(row) for row in found},
        claims=_claims(connection, [one for one in events if one.event_type in {REGISTERED, *OF_LIVE_PAGES}]),
        earlier=earlier,
    )


def _claims(connection: Connection, events: Iterable[RecordedEvent]) -> dict[str, list[Claim]]:
    """All claims of whoever ever claimed a page that ``events`` name, or another page of a deliverable they name."""
    claims = defaultdict[str, list[Claim]](list)
    ids, keys = set[str](), set[str]()
    for event in events:
        ids.update(event.deliverable_ids)
        keys.update(filter(None, [page_key(event.payload["url"] or "")]))
    theirs = select(page_claim.c.page_key).where(among(page_claim.c.deliverable_id, ids))
    claimants = select(page_claim.c.deliverable_id).where(
        or_(
            page_claim.c.page_key.in_(theirs),
            among(page_claim.c.page_key, keys),
            among(page_claim.c.deliverable_id, ids),
        )
    )
    if ids:
        query = select(page_claim).where(page_claim.c.deliverable_id.in_(claimants))
        in_order = query.order_by(page_claim.c.claimed_at, page_claim.c.position)
        for row in connection.execute(in_order).mappings():
            claims[row["deliverable_id"]].append(Claim(**row))
    return claims


def _news(connection: Connection, deliverable_id: str, before: Position) -> list[RecordedEvent]:
    """What its stage came of so far, as ``State.earlier`` wants it."""
    told_late = select(stage_move.c.position).where(
        stage_move.c.deliverable_id == deliverable_id, ~stage_move.c.applied, ~stage_move.c.illegal
    )
    left_out = set(connection.scalars(told_late))
    about_it = event_table.of_deliverable(deliverable_id) & event_table.before(before)
    real = (one for one in event_table.matching(connection, about_it) if not one.synthetic)
    since_known = dropwhile(lambda one: one.event_type != REGISTERED, real)
    return [one for one in since_known if one.event_type in NEWS and one.position not in left_out]


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
        latest_news_at=row.latest_news_at,
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
                "latest_news_at": one.latest_news_at,
            }
            for one in changed
        ],
    )


def _save_claims(connection: Connection, made: Sequence[Claim]) -> None:
    if made:
        connection.execute(plain_insert(page_claim), [asdict(one) for one in made])


def _save_pages(connection: Connection, changed: dict[str, list[Interval]]) -> None:
    if not changed:
        return
    connection.execute(delete(deliverable_url).where(among(deliverable_url.c.page_key, changed)))
    rows = [{"page_key": key, **asdict(one)} for key, page in changed.items() for one in page]
    if rows:
        connection.execute(plain_insert(deliverable_url), rows)


def _forget_moves(connection: Connection, retold: Collection[str]) -> None:
    """Those told late stay: nothing makes them again."""
    if retold:
        connection.execute(
            delete(stage_move).where(
                among(stage_move.c.deliverable_id, retold), or_(stage_move.c.applied, stage_move.c.illegal)
            )
        )


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
