"""What events make of deliverables and their pages. Pure; ``fold`` brings the state from the database and back.

Belongs here: which event changes what. Does not belong here: the rules themselves (``stages``, ``intervals``).
Events of a deliverable that nobody registered change nothing here: the registrar keeps them out of the ledger, and a
fold never stops over one. Synthetic events are left out: they must not move real work or claim real pages.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from delivery_ops.contracts.envelope import Position, RecordedEvent
from delivery_ops.deliverables import intervals
from delivery_ops.deliverables.intervals import Interval
from delivery_ops.deliverables.stages import Move, Progress, Signal, Stage, step
from delivery_ops.urls import page_key


@dataclass(frozen=True, kw_only=True, slots=True)
class Deliverable:
    """One deliverable as its events so far make it. ``url`` is where it was published last, else where it was
    registered to be; ``published_at`` when a page of it first went live."""

    deliverable_id: str
    client_id: str
    deliverable_type: str
    tier: str
    first_source: str
    registered_at: datetime
    url: str | None = None
    page_key: str | None = None
    published_at: datetime | None = None
    progress: Progress = field(default_factory=Progress)
    illegal_moves: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class StageMove:
    """A move with the deliverable and the event that made it."""

    deliverable_id: str
    event_id: UUID
    position: Position
    move: Move


@dataclass(kw_only=True, slots=True)
class State:
    """The part of the fold that a batch of events can touch: all of a page's intervals, or none of them."""

    deliverables: dict[str, Deliverable] = field(default_factory=dict)
    pages: dict[str, list[Interval]] = field(default_factory=dict)
    moves: list[StageMove] = field(default_factory=list)

    def apply(self, event: RecordedEvent) -> None:
        """Take ``event`` into account; events must come in position order."""
        if event.synthetic:
            return
        if event.event_type == "deliverable.registered":
            self._register(event)
        for deliverable_id in event.deliverable_ids:
            if deliverable_id in self.deliverables:
                self._happen(deliverable_id, event)

    def _register(self, event: RecordedEvent) -> None:
        """Its first source says what it is, and may say it anew; another source can still say where it is."""
        if event.deliverable_id is None or event.client_id is None:
            return
        says = event.payload
        known = self.deliverables.get(event.deliverable_id) or Deliverable(
            deliverable_id=event.deliverable_id,
            client_id=event.client_id,
            deliverable_type=says["type"],
            tier=says["tier"],
            first_source=says["first_source"],
            registered_at=event.timestamp,
        )
        is_its_source = known.first_source == says["first_source"]
        if is_its_source:
            known = replace(known, deliverable_type=says["type"], tier=says["tier"])
        key = page_key(says["url"] or "")
        if key is not None:
            self.pages[key] = intervals.register(
                self.pages.get(key, []), deliverable_id=known.deliverable_id, url=says["url"], at=event.timestamp
            )
            if known.url is None or (is_its_source and known.published_at is None):
                known = replace(known, url=says["url"], page_key=key)
        self.deliverables[known.deliverable_id] = known

    def _happen(self, deliverable_id: str, event: RecordedEvent) -> None:
        if event.event_type in {"page.published", "page.updated"}:
            self._publish(deliverable_id, event)
        if event.event_type == "page.unpublished" and not self._withdraw(deliverable_id, event):
            return
        known = self.deliverables[deliverable_id]
        progress, move = step(known.progress, _signal(event))
        if move is not None:
            self.moves.append(
                StageMove(deliverable_id=deliverable_id, event_id=event.event_id, position=event.position, move=move)
            )
        illegal_moves = known.illegal_moves + (move is not None and move.illegal)
        self.deliverables[deliverable_id] = replace(known, progress=progress, illegal_moves=illegal_moves)

    def _publish(self, deliverable_id: str, event: RecordedEvent) -> None:
        url = event.payload["url"]
        key = page_key(url)
        if key is not None:
            page = self.pages.get(key, [])
            self.pages[key] = intervals.publish(page, deliverable_id=deliverable_id, url=url, at=event.timestamp)
        if event.event_type == "page.published":
            known = self.deliverables[deliverable_id]
            first = min(known.published_at or event.timestamp, event.timestamp)
            self.deliverables[deliverable_id] = replace(known, url=url, page_key=key, published_at=first)

    def _withdraw(self, deliverable_id: str, event: RecordedEvent) -> bool:
        """Take the page down. True if no page of the deliverable is live any more."""
        key = page_key(event.payload["url"])
        if key in self.pages:
            self.pages[key] = intervals.withdraw(self.pages[key], deliverable_id=deliverable_id, at=event.timestamp)
        return not any(one.is_live_page_of(deliverable_id) for page in self.pages.values() for one in page)


def _signal(event: RecordedEvent) -> Signal:
    is_told = event.event_type == "deliverable.stage_changed"
    return Signal(
        event_type=event.event_type,
        at=event.timestamp,
        told=Stage(event.payload["to"]) if is_told else None,
        gate=event.payload.get("gate"),
    )
