"""Two clients whose systems number people and deals alike: one's touch must not earn the other's revenue."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from delivery_ops.warehouse.dbt import build
from delivery_ops.warehouse.project import Warehouse

COLUMNS: dict[str, dict[str, str]] = {
    "touches": {"touch_id": "id", "contact_id": "contact", "touched_at": "at"},
    "deals": {"deal_key": "id", "contact_id": "contact", "closed_at": "at"},
    "revenue": {"revenue_id": "id", "deal_key": "id", "amount_minor": "cents"},
}
ACME_ALONE_WAS_TOUCHED = {
    "acme-touches": "id,contact,at\nt1,c1,2026-03-01\n",
    "acme-deals": "id,contact,at\n1,c1,2026-03-10\n",
    "acme-revenue": "id,cents\n1,100\n",
    "bolt-deals": "id,contact,at\n1,c1,2026-03-11\n",
    "bolt-revenue": "id,cents\n1,7000\n",
}


def source(name: str, **more: Any) -> dict[str, Any]:
    _, kind = name.split("-")
    money = {"constants": {"currency": "EUR"}} if kind == "revenue" else {}
    return {"name": name, "kind": kind, "path": f"{name}.csv", "columns": COLUMNS[kind], **money, **more}


@pytest.mark.parametrize(
    ("named", "credit"),
    [
        pytest.param(
            True,
            [("acme:1", "acme-touches", None, 100), ("bolt:1", None, "no_touch", 7000)],
            id="with their clients named, each has its own",
        ),
        pytest.param(False, [("1", "acme-touches", None, 7100)], id="without, equal ids are one person and one deal"),
    ],
)
def test_credit_of_two_clients_with_equal_ids(
    configured: Any, tmp_path: Path, named: bool, credit: list[tuple[Any, ...]]
) -> None:
    for name, content in ACME_ALONE_WAS_TOUCHED.items():
        (tmp_path / f"{name}.csv").write_text(content)
    clients = {name: {"client": name.split("-")[0]} if named else {} for name in ACME_ALONE_WAS_TOUCHED}
    loading = configured(*(source(name, **client) for name, client in clients.items()))
    for name in ACME_ALONE_WAS_TOUCHED:
        loading.load(name)
    warehouse = Warehouse(
        file=tmp_path / "warehouse.duckdb",
        lake=loading.lake.root,
        artifacts=tmp_path / "dbt",
        variables={"attribution_models": ["linear"], "attribution_window_days": 30},
    )
    build(warehouse, select=["+fct_attribution_credit"])
    with duckdb.connect(str(warehouse.file), read_only=True) as marts:
        query = "select conversion_id, touch_source, reason, credit_minor from marts.fct_attribution_credit order by 1"
        assert marts.sql(query).fetchall() == credit
