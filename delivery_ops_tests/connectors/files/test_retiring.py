"""Rows of a source that left the configuration must neither count on nor vanish without a word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from delivery_ops.lake import datasets

TOUCHES = {
    "name": "crm",
    "kind": "touches",
    "path": "crm.csv",
    "columns": {"touch_id": "id", "contact_id": "contact", "touched_at": "at"},
}
GONE = "it is no longer configured; its rows were taken away"


def test_a_source_that_left_is_announced_once_and_again_after_it_came_back(configured: Any, tmp_path: Path) -> None:
    (tmp_path / "crm.csv").write_text("id,contact,at\nt-1,c,2026-03-02\n")
    with_it, without = configured(TOUCHES), configured()
    for _ in range(2):
        with_it.load("crm")
        assert with_it.retire("touches") == []
        assert without.retire("deals") == []
        assert without.retire("touches") == [f"touches: crm: {GONE}"]
        assert without.retire("touches") == []
        assert without.lake.read(datasets.TOUCHES).num_rows == 0
    said = [(event["rows"], event["detail"], event["error_class"]) for event in without.announced()]
    assert said == [(1, None, None), (0, GONE, None)] * 2


def test_a_name_that_went_to_another_kind_leaves_no_rows_of_the_old_one(configured: Any, tmp_path: Path) -> None:
    (tmp_path / "crm.csv").write_text("id,contact,at\nt-1,c,2026-03-02\n")
    configured(TOUCHES).load("crm")
    now = configured(TOUCHES | {"kind": "deals", "columns": {"deal_key": "id", "closed_at": "at"}})
    now.load("crm")
    assert now.retire("touches") == [f"touches: crm: {GONE}"]
    assert now.retire("deals") == []
    assert [now.lake.partitions(dataset) for dataset in (datasets.TOUCHES, datasets.DEALS)] == [[], ["crm"]]


def test_the_refused_rows_of_a_source_that_left_are_no_longer_told(configured: Any, tmp_path: Path) -> None:
    (tmp_path / "crm.csv").write_text("id,contact,at\nt-1,c,yesterday\n")
    query = "select count(*) from ops.rejected where replaced_at is null"
    configured(TOUCHES).load("crm")
    now = configured(TOUCHES | {"kind": "deals", "columns": {"deal_key": "id", "closed_at": "at"}})
    now.load("crm")
    now.retire("touches")
    assert now.rows(query) == [(1,)]  # the same row, refused by the source that has the name now
    without = configured()
    without.retire("deals")
    assert without.rows(query) == [(0,)]


def test_what_a_list_of_deliverables_registered_stands(configured: Any, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("id\nd-1\n")
    columns = {"deliverable_id": "id"}
    constants = {"client_id": "acme", "type": "landing_page"}
    source = {"name": "list", "kind": "deliverables", "path": "list.csv", "columns": columns, "constants": constants}
    assert configured(source).load("list").registered == 1
    gone = configured()
    assert gone.retire("deliverables") == ["deliverables: list: it is no longer configured; what it registered stands"]
    assert gone.retire("deliverables") == []
