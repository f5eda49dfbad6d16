"""Two systems know one deal: it must count once, the same way on every load, and what is refused must be told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from delivery_ops.lake import datasets
from delivery_ops_tests.connectors.files.loading import Loading

COLUMNS = {"deal_key": "id", "contact_id": "contact", "closed_at": "at"}


def deals(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "kind": "deals", "path": f"{name}.csv", "columns": COLUMNS, **more}


def write(folder: Path, name: str, *rows: str) -> None:
    (folder / f"{name}.csv").write_text("\n".join(["id,contact,at", *rows, ""]), encoding="utf-8")


def held(loading: Loading) -> list[tuple[str, str]]:
    table = loading.lake.read(datasets.DEALS)
    return sorted(zip(table["deal_key"].to_pylist(), table["source"].to_pylist(), strict=True))


def balance(loading: Loading, name: str) -> tuple[int, int, int]:
    outcome = loading.load(name).outcome
    return outcome.kept, outcome.duplicate, outcome.rejected


def test_a_deal_in_two_sources_is_the_first_ones_and_the_others_row_is_a_duplicate_or_rejected(
    configured: Any, tmp_path: Path
) -> None:
    write(tmp_path, "north", "d1,ann,2026-03-01", "d2,bob,2026-03-02")
    write(tmp_path, "south", "d1,ann,2026-03-01", "d2,other,2026-03-02", "d3,cat,2026-03-03")
    loading = configured(deals("north"), deals("south"))
    for _ in range(2):
        assert balance(loading, "north") == (2, 0, 0)
        assert balance(loading, "south") == (1, 1, 1)
        assert held(loading) == [("d1", "north"), ("d2", "north"), ("d3", "south")]
    assert loading.rejections() == [("south.csv, line 3", "conflicting_row", "d2,other,2026-03-02")]


def test_a_deal_that_the_first_source_gives_up_is_the_next_ones(configured: Any, tmp_path: Path) -> None:
    write(tmp_path, "north", "d1,ann,2026-03-01")
    write(tmp_path, "south", "d1,ann,2026-03-01")
    loading = configured(deals("north"), deals("south"))
    loading.load("north"), loading.load("south")
    write(tmp_path, "north", "d9,ann,2026-03-01")
    loading.load("north"), loading.load("south")
    assert held(loading) == [("d1", "south"), ("d9", "north")]


def test_the_order_of_the_configuration_decides_not_who_came_first(configured: Any, tmp_path: Path) -> None:
    write(tmp_path, "south", "d1,ann,2026-03-01")
    configured(deals("south")).load("south")
    write(tmp_path, "north", "d1,ann,2026-03-01")
    loading = configured(deals("north"), deals("south"))
    loading.load("north"), loading.load("south")
    assert held(loading) == [("d1", "north")]


def test_rows_that_stand_after_a_failure_give_way_too_and_are_kept_as_rejections(
    configured: Any, tmp_path: Path
) -> None:
    write(tmp_path, "north", "d9,ann,2026-03-01")
    write(tmp_path, "south", "d1,ann,2026-03-01", "d2,bob,2026-03-02")
    loading = configured(deals("north"), deals("south"))
    loading.load("north"), loading.load("south")
    write(tmp_path, "north", "d1,ann,2026-03-01")
    (tmp_path / "south.csv").unlink()
    loading.load("north")
    assert loading.load("south").changed
    assert not loading.load("south").changed
    assert held(loading) == [("d1", "north"), ("d2", "south")]
    [(origin, code, body)] = loading.rejections()
    assert (origin, code) == ("an earlier load", "conflicting_row")
    assert '"deal_key": "d1"' in body


def test_equal_keys_of_two_clients_are_two_deals(configured: Any, tmp_path: Path) -> None:
    for name in ("north", "south"):
        write(tmp_path, name, "d1,ann,2026-03-01")
    loading = configured(deals("north", client="acme"), deals("south"))
    loading.load("north"), loading.load("south")
    assert held(loading) == [("acme:d1", "north"), ("d1", "south")]
