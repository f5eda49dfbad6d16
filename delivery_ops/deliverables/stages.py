"""The stage machine: how far a deliverable has come, and which moves are out of order. Pure; no database.

Belongs here: the seven stages, what each event does to them, what a hold does to them. Does not belong here: where
events come from and where the result is kept (``fold``). A stage is either told (``deliverable.stage_changed``) or
inferred from what happens to the work. From the first told stage that is taken on, nothing is inferred for that
deliverable, except the two ways back, which are facts of their own: a revision and an unpublished page.

Decisions where the rule leaves room. ``step`` takes events in the order in which they happened (``state`` sees to
that when one comes late); one that happened before the present stage began moves nothing, and a told one is listed: it
was passed on when others had moved the work already. A stage past ``qa`` waits while a gate holds the deliverable and
is entered on release; a told one is listed as illegal besides, since somebody passed it on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


class Stage(StrEnum):
    """The stages in their order."""

    INTAKE = "intake"
    SCOPE = "scope"
    DESIGN = "design"
    REVIEW = "review"
    PUBLISH = "publish"
    QA = "qa"
    REPORT = "report"

    def is_before(self, other: Stage) -> bool:
        """Whether this stage comes earlier than ``other``."""
        return _ORDER[self] < _ORDER[other]


_ORDER = {stage: at for at, stage in enumerate(Stage)}

_INFERRED = {
    "intake.received": Stage.INTAKE,
    "scope.accepted": Stage.SCOPE,
    "asset.uploaded": Stage.DESIGN,
    "asset.revision_requested": Stage.DESIGN,
    "asset.approved": Stage.REVIEW,
    "page.published": Stage.PUBLISH,
}
_WAYS_BACK = {
    "asset.revision_requested": Stage.DESIGN,
    "page.unpublished": Stage.REVIEW,  # what it was before publication; only when no page of it is left
}
_AFTER_PUBLICATION = {
    # the event: where it leads, and from which stages it may; from elsewhere it says nothing about progress
    "gate.evaluated": (Stage.QA, {Stage.PUBLISH}),
    "search_export.processed": (Stage.REPORT, {Stage.PUBLISH, Stage.QA}),
}
TOLD = "deliverable.stage_changed"
NEWS = frozenset({*_INFERRED, *_WAYS_BACK, *_AFTER_PUBLICATION}) | {
    TOLD,
    "deliverable.held",
    "deliverable.released",
    "page.updated",  # leads nowhere, but where it moves a page to counts when another is taken down
}
"""The types of event on which a stage depends."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Signal:
    """What the machine needs of an event. ``told`` is the stage a ``deliverable.stage_changed`` names, ``gate``
    the one of ``deliverable.held`` and ``deliverable.released``."""

    event_type: str
    at: datetime
    told: Stage | None = None
    gate: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """How far a deliverable is. ``stage`` is None until anything happened to it; ``since`` is when the stage began;
    ``holding`` are the gates that hold it; ``waiting`` is the stage it enters once none does."""

    stage: Stage | None = None
    since: datetime | None = None
    is_told: bool = False
    holding: frozenset[str] = frozenset()
    waiting: Stage | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """One entry of the history. ``applied`` is False for a told move that a hold keeps waiting, and for one told late:
    then ``from_stage`` is the stage that stood when it was told, not the one it left."""

    from_stage: Stage | None
    to_stage: Stage
    at: datetime
    illegal: bool
    applied: bool = True

    @property
    def is_told_late(self) -> bool:
        """Whether it stands in the history only because it was told after the stage had moved on."""
        return not (self.applied or self.illegal)


def step(progress: Progress, signal: Signal) -> tuple[Progress, Move | None]:
    """What ``signal`` makes of ``progress``, and the move it was, if it was one.

    Legal: forward by any number of steps, back by revision or unpublish only. Any other move is made all the same
    and marked illegal; one that was told late is neither made nor judged.
    """
    if signal.event_type == "deliverable.held" and signal.gate:
        return replace(progress, holding=progress.holding | {signal.gate}), None
    if signal.event_type == "deliverable.released" and signal.gate:
        return _release(replace(progress, holding=progress.holding - {signal.gate}), signal.at)
    to_stage = _destination(progress, signal)
    if to_stage is None:
        return progress, None
    if progress.since is not None and signal.at < progress.since:
        return progress, _late(progress, signal)
    if signal.told:
        progress = replace(progress, is_told=True)
    if to_stage == progress.stage:
        return replace(progress, waiting=None if signal.told else progress.waiting), None
    if to_stage == Stage.REPORT and progress.holding:
        waits = replace(progress, waiting=to_stage)
        if not signal.told:
            return waits, None
        return waits, Move(from_stage=progress.stage, to_stage=to_stage, at=signal.at, illegal=True, applied=False)
    illegal = _is_back(progress, to_stage) and signal.event_type not in _WAYS_BACK
    return _enter(progress, to_stage, signal.at, illegal=illegal)


def _destination(progress: Progress, signal: Signal) -> Stage | None:
    """The stage ``signal`` leads to; None where it says nothing about the stage."""
    if signal.told:
        return signal.told
    way_back = _WAYS_BACK.get(signal.event_type)
    if way_back and _is_back(progress, way_back):
        return way_back
    if progress.is_told:
        return None
    if signal.event_type in _AFTER_PUBLICATION:
        to_stage, possible_from = _AFTER_PUBLICATION[signal.event_type]
        return to_stage if progress.stage in possible_from else None
    return _INFERRED.get(signal.event_type)


def _late(progress: Progress, signal: Signal) -> Move | None:
    """What is listed of ``signal``, which happened before the present stage began: a told move."""
    if signal.told is None:
        return None
    return Move(from_stage=progress.stage, to_stage=signal.told, at=signal.at, illegal=False, applied=False)


def _is_back(progress: Progress, to_stage: Stage) -> bool:
    return progress.stage is not None and to_stage.is_before(progress.stage)


def _release(progress: Progress, at: datetime) -> tuple[Progress, Move | None]:
    if progress.holding or progress.waiting is None:
        return progress, None
    return _enter(progress, progress.waiting, max(at, progress.since or at), illegal=False)


def _enter(progress: Progress, stage: Stage, at: datetime, *, illegal: bool) -> tuple[Progress, Move]:
    move = Move(from_stage=progress.stage, to_stage=stage, at=at, illegal=illegal)
    return replace(progress, stage=stage, since=at, waiting=None), move
