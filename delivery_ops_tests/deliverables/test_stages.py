"""The stage is what a client is told about their work, so every move must be one the rule allows or be listed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_ops.deliverables.stages import Move, Progress, Signal, Stage, step

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


def run(*names: str, progress: Progress | None = None) -> tuple[Progress, list[Move]]:
    """The machine after one event an hour: ``to:<stage>`` told, ``held:<gate>``, ``released:<gate>``, else a type."""
    progress, moves = progress or Progress(), []
    for hour, name in enumerate(names):
        progress, move = step(progress, signal(name, START + timedelta(hours=hour)))
        moves += [move] if move else []
    return progress, moves


def signal(name: str, at: datetime) -> Signal:
    what, _, which = name.partition(":")
    if what == "to":
        return Signal(event_type="deliverable.stage_changed", at=at, told=Stage(which))
    if what in {"held", "released"}:
        return Signal(event_type=f"deliverable.{what}", at=at, gate=which)
    return Signal(event_type=name, at=at)


def path(moves: list[Move]) -> str:
    """``intake design! …``: where each move led; ``!`` = illegal, brackets = kept waiting."""
    texts = [f"{move.to_stage}{'!' if move.illegal else ''}" for move in moves]
    return " ".join(text if move.applied else f"({text})" for text, move in zip(texts, moves, strict=True))


LIFE = ["intake.received", "scope.accepted", "asset.uploaded", "asset.approved", "page.published"]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param(
            [*LIFE, "gate.evaluated", "search_export.processed"],
            "intake scope design review publish qa report",
            id="the whole life",
        ),
        pytest.param(["page.published"], "publish", id="forward by any number of steps"),
        pytest.param(["intake.received", "asset.revision_requested"], "intake design", id="a revision before a design"),
        pytest.param(
            [*LIFE[:4], "asset.revision_requested"], "intake scope design review design", id="back by revision"
        ),
        pytest.param([*LIFE[4:], "gate.evaluated", "page.unpublished"], "publish qa review", id="back by unpublishing"),
        pytest.param(
            ["page.published", "asset.revision_requested", "page.unpublished"],
            "publish design",
            id="unpublishing never leads forward",
        ),
        pytest.param(["page.published", "intake.received"], "publish intake!", id="back by anything else is illegal"),
        pytest.param(["asset.approved", "asset.uploaded"], "review design!", id="an upload after the approval"),
        pytest.param(
            ["page.published", *["gate.evaluated"] * 3, *["search_export.processed"] * 3, "gate.evaluated"],
            "publish qa report",
            id="only the first evaluation and the first export count",
        ),
        pytest.param(
            ["page.published", "gate.evaluated", "page.unpublished", "page.published", "gate.evaluated"],
            "publish qa review publish qa",
            id="a page published again is judged again",
        ),
        pytest.param(
            [
                "gate.evaluated",
                "search_export.processed",
                "asset.approved",
                "gate.evaluated",
                "search_export.processed",
            ],
            "review",
            id="evaluations and exports before the publication are no progress",
        ),
        pytest.param(["page.published", "search_export.processed"], "publish report", id="no gate in between"),
        pytest.param(["work.logged", "deliverable.registered", "page.updated"], "", id="events that are no progress"),
        pytest.param(
            ["intake.received", "to:design", *LIFE, "gate.evaluated", "to:qa"],
            "intake design qa",
            id="told once, nothing is inferred",
        ),
        pytest.param(
            ["to:review", "asset.revision_requested"], "review design", id="a revision leads back even when told"
        ),
        pytest.param(["to:scope", "asset.revision_requested"], "scope", id="but not forward when told"),
        pytest.param(["to:review", "to:scope", "to:report"], "review scope! report", id="told back is illegal"),
        pytest.param(["to:review", "to:review"], "review", id="told the same again"),
    ],
)
def test_events_lead_through_these_stages(names: list[str], expected: str) -> None:
    assert path(run(*names)[1]) == expected


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param(["page.published", "held:a", "gate.evaluated"], "publish qa", id="held in qa, not before it"),
        pytest.param(
            ["page.published", "gate.evaluated", "held:a", "search_export.processed", "released:a"],
            "publish qa report",
            id="the report waits for the release",
        ),
        pytest.param(
            ["to:qa", "held:a", "held:b", "to:report", "released:a", "released:b"],
            "qa (report!) report",
            id="somebody passed it on while two gates held it",
        ),
        pytest.param(["to:qa", "held:a", "to:report", "to:qa", "released:a"], "qa (report!)", id="taken back in time"),
        pytest.param(
            ["to:qa", "held:a", "to:report", "asset.revision_requested", "released:a"],
            "qa (report!) design",
            id="a revision ends the waiting",
        ),
        pytest.param(["to:report", "held:a"], "report", id="a hold does not undo what was reported"),
        pytest.param(
            ["to:qa", "held:a", "released:b", "to:report"], "qa (report!)", id="another gate releases nothing"
        ),
        pytest.param(["to:qa", "released:a", "to:report"], "qa report", id="a release without a hold"),
    ],
)
def test_a_hold_keeps_a_deliverable_from_passing_qa(names: list[str], expected: str) -> None:
    assert path(run(*names)[1]) == expected


def test_the_stage_begins_when_the_event_happened() -> None:
    progress, _ = run("intake.received", "work.logged", "scope.accepted", "work.logged")
    assert (progress.stage, progress.since) == (Stage.SCOPE, START + timedelta(hours=2))


def test_what_happened_before_the_stage_began_moves_nothing() -> None:
    published, _ = run("intake.received", "page.published")
    assert step(published, signal("asset.approved", START)) == (published, None)


@pytest.mark.parametrize("told", ["to:scope", "to:publish", "to:report"])
def test_a_stage_told_late_is_listed_and_nothing_else(told: str) -> None:
    published, _ = run("intake.received", "page.published")
    progress, move = step(published, signal(told, START))
    assert progress == published
    assert move == Move(from_stage=Stage.PUBLISH, to_stage=Stage(told[3:]), at=START, illegal=False, applied=False)
    assert path(run("gate.evaluated", progress=replace(progress, since=START))[1]) == "qa"


def test_a_release_that_happened_before_the_stage_began_does_not_turn_time_back() -> None:
    waiting, _ = run("held:a", "to:qa", "to:report")
    progress, move = step(waiting, Signal(event_type="deliverable.released", at=START, gate="a"))
    assert move is not None
    assert progress.since == move.at == START + timedelta(hours=1)


NAMES = st.sampled_from(
    [*LIFE, "asset.revision_requested", "page.unpublished", "page.updated", "gate.evaluated", "search_export.processed"]
    + [f"to:{stage}" for stage in Stage]
    + [f"{what}:{gate}" for what in ("held", "released") for gate in "ab"]
)


@given(names=st.lists(NAMES, max_size=25), hours=st.lists(st.integers(0, 30), min_size=25, max_size=25))
def test_the_history_is_one_chain_and_every_step_back_is_allowed_or_listed(names: list[str], hours: list[int]) -> None:
    progress, stage, since = Progress(), None, None
    for name, hour in zip(names, hours, strict=False):
        before = progress
        progress, move = step(progress, signal(name, START + timedelta(hours=hour)))
        if move is None or not move.applied:
            assert (progress.stage, progress.since) == (stage, since)
        else:
            assert (move.from_stage, move.to_stage, move.at) == (stage, progress.stage, progress.since)
            assert since is None or move.at >= since
            assert not (move.to_stage == Stage.REPORT and progress.holding)
            back = stage is not None and move.to_stage.is_before(stage)
            assert move.illegal == (back and name not in {"asset.revision_requested", "page.unpublished"})
            stage, since = progress.stage, progress.since
        if move is not None and not move.applied and move.illegal:
            assert before.holding
            assert progress.waiting == move.to_stage
        elif move is not None and not move.applied:
            assert progress == before
            assert since is not None
            assert move.at < since
