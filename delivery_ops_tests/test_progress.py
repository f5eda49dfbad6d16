"""Long work is heard of by the one listener, in order, and ends even when it fails."""

from __future__ import annotations

import pytest

from delivery_ops import progress


class Notes:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def started(self, stage: str) -> progress.Tell:
        self.lines.append(f"start {stage}")
        return lambda done, total: self.lines.append(f"{stage} {done}/{total}")

    def ended(self, stage: str) -> None:
        self.lines.append(f"end {stage}")


def test_a_listener_hears_of_stages_and_their_pieces() -> None:
    notes = Notes()
    with progress.heard_by(notes), progress.stage("loading") as tell:
        tell(1, 2)
    assert notes.lines == ["start loading", "loading 1/2", "end loading"]


def test_a_failed_stage_ends_too() -> None:
    notes = Notes()
    with pytest.raises(ValueError, match="no"), progress.heard_by(notes), progress.stage("loading"):
        raise ValueError("no")
    assert notes.lines == ["start loading", "end loading"]


def test_nobody_listening_costs_nothing_and_the_listener_before_comes_back() -> None:
    outer, inner = Notes(), Notes()
    with progress.heard_by(outer):
        with progress.heard_by(inner), progress.stage("a"):
            pass
        with progress.stage("b"):
            pass
    with progress.stage("c") as tell:
        tell(1, 1)
    assert (inner.lines, outer.lines) == (["start a", "end a"], ["start b", "end b"])
