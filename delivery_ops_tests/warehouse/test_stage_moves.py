"""At stake: a history of stages that contradicts the present one, or that smoke tests wrote, published as true."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from delivery_ops.lake import datasets
from delivery_ops.warehouse.dbt import TransformationFailed, build
from delivery_ops_tests.warehouse.conftest import MakeWarehouse

AT = datetime(2026, 3, 1, tzinfo=UTC)
LATER = datetime(2026, 3, 2, tzinfo=UTC)
STANDS: Mapping[str, Any] = {"stage": "scope", "stage_since": AT, "illegal_moves": 0}
MOVE: Mapping[str, Any] = {
    "event_id": "e-2",
    "position": 2,
    "to_stage": "scope",
    "moved_at": AT,
    "illegal": False,
    "applied": True,
}
CONTRADICTIONS: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    # what of the deliverable is another, and what of its only move
    "its move led nowhere": ({"stage": None, "stage_since": None}, {}),
    "another stage": ({"stage": "design"}, {}),
    "another instant": ({"stage_since": LATER}, {}),
    "its move was not made": ({}, {"applied": False}),
    "an illegal move that is not listed": ({"illegal_moves": 1}, {}),
    "an illegal move that is not counted": ({}, {"illegal": True}),
}


def failures(
    folder: Path,
    make_warehouse: MakeWarehouse,
    deliverables: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]],
    *,
    synthetic: bool = False,
) -> dict[str, str]:
    """What each test says that fails over ``deliverables``, each registered and moved once."""
    registered = {"event_type": "deliverable.registered", "synthetic": False}
    events = [registered, {"event_type": "scope.accepted", "synthetic": synthetic}]
    rows = {
        datasets.DELIVERABLES: [{"deliverable_id": name, **STANDS, **of} for name, (of, _) in deliverables.items()],
        datasets.STAGE_MOVES: [{"deliverable_id": name, **MOVE, **move} for name, (_, move) in deliverables.items()],
        datasets.EVENTS: [{"event_id": f"e-{at}", "position": at, **event} for at, event in enumerate(events, start=1)],
    }
    with pytest.raises(TransformationFailed) as raised:
        build(make_warehouse(folder, rows))
    return {node.name: node.message for node in raised.value.failed}


def test_a_history_that_contradicts_the_present_stage_stops_the_run(
    tmp_path: Path, make_warehouse: MakeWarehouse
) -> None:
    [(name, said)] = failures(tmp_path, make_warehouse, {"it agrees": ({}, {}), **CONTRADICTIONS}).items()
    assert name == "assert_stages_agree_with_moves"
    assert said.startswith(f"Got {len(CONTRADICTIONS)} results")


def test_a_move_that_a_smoke_test_made_stops_the_run(tmp_path: Path, make_warehouse: MakeWarehouse) -> None:
    found = failures(tmp_path, make_warehouse, {"it agrees": ({}, {})}, synthetic=True)
    assert "assert_marts_hold_no_synthetic_rows" in found
    assert "assert_stages_agree_with_moves" not in found
