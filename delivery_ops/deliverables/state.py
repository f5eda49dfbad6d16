"""What events make of deliverables and their pages. Pure; ``fold`` brings the state from the database and back.

Belongs here: which event changes what, and what one changes that comes late (a lost webhook, found by the next pull):
the fold ends as if all had come in order of (timestamp, position). Does not belong here: the rules themselves
(``stages``, ``claims``, ``intervals``). Events of a deliverable that nobody registered change nothing here: the
registrar keeps them out of the ledger, and a fold never stops over one. Synthetic events are left out: they must not
move real work or claim real pages.
"""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from delivery_ops.contracts.envelope import Position, RecordedEvent
from delivery_ops.deliverables.claims import OF_LIVE_PAGES, REGISTERED, UNPUBLISHED, Claim, Standing, counted
from delivery_ops.deliverables.intervals import Interval, intervals_of
from delivery_ops.deliverables.stages import NEWS, TOLD, Move, Progress, Signal, Stage, step
from delivery_ops.urls import page_key


@dataclass(frozen=True, kw_only=True, slots=True)
class Deliverable:
    """One deliverable as its events so far make it. ``url`` is ``Standing.url``, else where it was registered to be;
    ``published_at`` when a page of it first went live; ``latest_news_at`` when the latest of its ``NEWS`` happened."""

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
    latest_news_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class StageMove:
    """A move with the deliverable and the event that made it."""

    deliverable_id: str
    event_id: UUID
    position: Position
    move: Move


@dataclass(kw_only=True, slots=True)
class State:
    """The part of the fold that a batch of events can touch.

    ``claims`` are, by deliverable, all of its claims in their order; of every deliverable that ever claimed a page that
    the batch can change. ``earlier`` gives the ``NEWS`` of a deliverable before the batch, without moves that were told
    late: asked only when one comes late. What changed: ``made`` claims, ``touched`` pages, ``moves``, and the
    deliverables ``retold``, whose moves replace all earlier ones but those told late.
    """

    deliverables: dict[str, Deliverable] = field(default_factory=dict)
    claims: Mapping[str, list[Claim]] = field(default_factory=lambda: defaultdict(list))
    earlier: Callable[[str], Iterable[RecordedEvent]] = lambda _: ()
    made: list[Claim] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)
    moves: dict[str, list[StageMove]] = field(default_factory=lambda: defaultdict(list))
    retold: set[str] = field(default_factory=set)
    _news: dict[str, list[RecordedEvent]] = field(default_factory=lambda: defaultdict(list))
    _behind: set[str] = field(default_factory=set)
    _standings: dict[str, Standing] = field(default_factory=dict)

    @property
    def pages(self) -> dict[str, list[Interval]]:
        """Whose each page that was touched was when."""
        claims: dict[str, list[Claim]] = {key: [] for key in self.touched}
        for theirs in self.claims.values():
            for claim in counted(theirs)[0]:
                if claim.page_key in claims:
                    claims[claim.page_key].append(claim)
        return {key: intervals_of(said) for key, said in claims.items()}

    def apply(self, events: Iterable[RecordedEvent]) -> None:
        """Take ``events`` into account; they must come in position order."""
        for event in events:
            if not event.synthetic:
                self._apply(event)
        for deliverable_id in [*self._behind]:
            self._tell_anew(deliverable_id)

    def _apply(self, event: RecordedEvent) -> None:
        if event.event_type == REGISTERED:
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
            self._claim(_claim(known.deliverable_id, event))
            if known.url is None or (is_its_source and known.published_at is None):
                known = replace(known, url=says["url"], page_key=key)
        self.deliverables[known.deliverable_id] = known

    def _claim(self, claim: Claim) -> Standing:
        """Where ``claim`` leaves the deliverable. A late one can change what others come to, on all of its pages."""
        name, theirs = claim.deliverable_id, self.claims[claim.deliverable_id]
        standing = self._standings.get(name) or counted(theirs)[1]
        insort(theirs, claim, key=lambda one: one.order)
        if theirs[-1] is claim:
            standing.hear(claim)
            changed = [claim]
        else:
            standing, changed = counted(theirs)[1], theirs
        self.made.append(claim)
        self.touched.update(one.page_key for one in changed if one.page_key is not None)
        self._standings[name] = standing
        return standing

    def _happen(self, deliverable_id: str, event: RecordedEvent) -> None:
        is_up = False
        if event.event_type in OF_LIVE_PAGES:
            standing = self._claim(_claim(deliverable_id, event))
            is_up = bool(standing.live)
            self._stand(deliverable_id, standing)
        if event.event_type not in NEWS:
            return
        self._advance(deliverable_id, event, is_up=is_up)

    def _advance(self, deliverable_id: str, event: RecordedEvent, *, is_up: bool) -> None:
        """Let the stage follow ``event``. One that comes late leaves it behind until the end of the batch: only whether
        a told one is late must be known at once."""
        if deliverable_id in self._behind and event.event_type == TOLD:
            self._tell_anew(deliverable_id)
        known = self.deliverables[deliverable_id]
        progress, move = _step(known.progress, event, is_up=is_up)
        if move is not None and move.is_told_late:
            self.moves[deliverable_id].append(_stage_move(deliverable_id, event, move))
            return
        self._news[deliverable_id].append(event)
        latest = known.latest_news_at or event.timestamp
        known = replace(known, latest_news_at=max(latest, event.timestamp))
        if event.timestamp < latest or deliverable_id in self._behind:
            self._behind.add(deliverable_id)
            self.deliverables[deliverable_id] = known
        else:
            self._progress(known, progress, event, move)

    def _stand(self, deliverable_id: str, standing: Standing) -> None:
        if standing.url is not None:
            self.deliverables[deliverable_id] = replace(
                self.deliverables[deliverable_id],
                url=standing.url,
                page_key=standing.page_key,
                published_at=standing.published_at,
            )

    def _tell_anew(self, name: str) -> None:
        """Let all that happened to the deliverable happen again, each at its time."""
        self._behind.discard(name)
        self.retold.add(name)
        self.moves[name] = [one for one in self.moves[name] if one.move.is_told_late]
        self.deliverables[name] = replace(self.deliverables[name], progress=Progress(), illegal_moves=0)
        standing = Standing()
        for event in sorted([*self.earlier(name), *self._news[name]], key=lambda one: (one.timestamp, one.position)):
            if event.event_type in OF_LIVE_PAGES:
                standing.hear(_claim(name, event))
            now = self.deliverables[name]
            progress, move = _step(now.progress, event, is_up=bool(standing.live))
            self._progress(now, progress, event, move)

    def _progress(self, known: Deliverable, progress: Progress, event: RecordedEvent, move: Move | None) -> None:
        name = known.deliverable_id
        if move is not None:
            self.moves[name].append(_stage_move(name, event, move))
        illegal_moves = known.illegal_moves + (move is not None and move.illegal)
        self.deliverables[name] = replace(known, progress=progress, illegal_moves=illegal_moves)


def _step(progress: Progress, event: RecordedEvent, *, is_up: bool) -> tuple[Progress, Move | None]:
    """``is_up``: a page of the deliverable is live after ``event``; only the last to be taken down leads back."""
    if event.event_type == UNPUBLISHED and is_up:
        return progress, None
    return step(progress, _signal(event))


def _signal(event: RecordedEvent) -> Signal:
    is_told = event.event_type == TOLD
    return Signal(
        event_type=event.event_type,
        at=event.timestamp,
        told=Stage(event.payload["to"]) if is_told else None,
        gate=event.payload.get("gate"),
    )


def _claim(deliverable_id: str, event: RecordedEvent) -> Claim:
    url = event.payload["url"]
    return Claim(
        deliverable_id=deliverable_id,
        position=event.position,
        event_type=event.event_type,
        page_key=page_key(url),
        url=url,
        claimed_at=event.timestamp,
    )


def _stage_move(deliverable_id: str, event: RecordedEvent, move: Move) -> StageMove:
    return StageMove(deliverable_id=deliverable_id, event_id=event.event_id, position=event.position, move=move)
