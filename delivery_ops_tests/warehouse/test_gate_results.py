"""At stake: a page that fails published as passing, because another page of its deliverable was judged after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from delivery_ops.lake import datasets
from delivery_ops.warehouse.dbt import TransformationFailed, build
from delivery_ops_tests.warehouse.conftest import MakeWarehouse

AT = datetime(2026, 3, 1, tzinfo=UTC)
LIVE: Mapping[str, Any] = {"published_at": AT, "valid_to": None}
WITHDRAWN: Mapping[str, Any] = {"published_at": AT, "valid_to": AT + timedelta(days=1)}

# Of a deliverable's pages a and b: what became of b, then its evaluations in their order, as page, verdict and whether
# the lake says that it stands.
Evaluations = Sequence[tuple[str, str, bool]]
AGREEING: Mapping[str, tuple[Mapping[str, Any], Evaluations]] = {
    "each page by its last": (LIVE, [("a", "pass", False), ("a", "fail", True), ("b", "pass", True)]),
    "what was withdrawn not at all": (WITHDRAWN, [("a", "pass", True), ("b", "fail", False)]),
}
CONTRADICTIONS: Mapping[str, tuple[Mapping[str, Any], Evaluations]] = {
    "only the page that was judged last": (LIVE, [("a", "fail", False), ("b", "pass", True)]),
    "what was withdrawn": (WITHDRAWN, [("a", "pass", True), ("b", "fail", True)]),
    "both of one page": (LIVE, [("a", "fail", True), ("a", "pass", True)]),
}


def warehouse_rows(told: Mapping[str, tuple[Mapping[str, Any], Evaluations]]) -> dict[datasets.Dataset, Any]:
    evaluations = [(name, *each) for name, (_, of) in told.items() for each in of]
    return {
        datasets.DELIVERABLES: [{"deliverable_id": name, "illegal_moves": 0, "held": False} for name in told],
        datasets.DELIVERABLE_URLS: [
            {"deliverable_id": name, "page_key": f"{name}/{page}", "valid_from": AT, **validity}
            for name, (of_b, _) in told.items()
            for page, validity in (("a", LIVE), ("b", of_b))
        ],
        datasets.GATE_RESULTS: [
            {
                "event_id": f"e-{position}",
                "position": position,
                "deliverable_id": name,
                "page_key": f"{name}/{page}",
                "gate": "schemaCheck",
                "outcome": verdict,
                "verdict": verdict,
                "evaluated_at": AT,  # two at one instant: the one recorded last is the last
                "findings": "[]",
                "synthetic": False,
                "standing": standing,
            }
            for position, (name, page, verdict, standing) in enumerate(evaluations, start=1)
        ],
    }


def test_evaluations_that_stand_are_the_last_of_each_live_page(tmp_path: Path, make_warehouse: MakeWarehouse) -> None:
    build(make_warehouse(tmp_path, warehouse_rows(AGREEING)))


def test_a_standing_that_contradicts_the_evaluations_stops_the_run(
    tmp_path: Path, make_warehouse: MakeWarehouse
) -> None:
    with pytest.raises(TransformationFailed) as raised:
        build(make_warehouse(tmp_path, warehouse_rows({**AGREEING, **CONTRADICTIONS})))
    [node] = raised.value.failed
    assert node.name == "assert_standing_agrees_with_evaluations"
    assert node.message.startswith(f"Got {len(CONTRADICTIONS)} results")
