"""Lakes of a few planted rows, and warehouses built from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from delivery_ops.lake.datasets import Dataset
from delivery_ops.lake.lake import Lake
from delivery_ops.warehouse.project import Warehouse

Rows = Mapping[Dataset, Iterable[Mapping[str, Any]]]
MakeWarehouse = Callable[..., Warehouse]


@pytest.fixture(scope="session")
def make_warehouse() -> MakeWarehouse:
    """A warehouse over a lake of these rows, not built yet; keyword arguments are dbt variables."""

    def make(folder: Path, rows: Rows, **variables: Any) -> Warehouse:
        lake = Lake(folder / "lake")
        lake.prepare()
        for dataset, given in rows.items():
            partitions: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
            for row in given:
                partitions[str(row.get("source") or row.get("date") or "snapshot")].append(row)
            for partition, part in partitions.items():
                lake.write(dataset, partition, dataset.table(part))
        return Warehouse(
            file=folder / "warehouse.duckdb", lake=lake.root, artifacts=folder / "dbt", variables=variables
        )

    return make
