"""Running dbt: its own unit tests, what a failure says, and that nothing stays behind in this process."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from delivery_ops.errors import Permanent, Transient
from delivery_ops.lake import datasets
from delivery_ops.warehouse import dbt
from delivery_ops.warehouse.manifest import ensure_manifest
from delivery_ops.warehouse.marts import marts
from delivery_ops.warehouse.project import Warehouse
from delivery_ops_tests.warehouse.conftest import MakeWarehouse

_HOLD = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
AT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory, make_warehouse: MakeWarehouse) -> Warehouse:
    """The warehouse of an operation that has loaded nothing yet."""
    warehouse = make_warehouse(tmp_path_factory.mktemp("empty"), {})
    dbt.build(warehouse)
    return warehouse


def test_an_operation_that_has_loaded_nothing_has_every_mart_with_no_row(empty: Warehouse) -> None:
    with duckdb.connect(str(empty.file), read_only=True) as connection:
        for mart in marts(ensure_manifest()):
            assert len(connection.table(f"marts.{mart.name}")) == 0


def test_the_models_do_what_their_unit_tests_say(empty: Warehouse) -> None:
    outcome = dbt.run(empty, "test", "--select", "test_type:unit")
    assert outcome.counts["unit_test"] >= 10


def test_a_blocking_test_that_finds_rows_is_named_and_what_follows_is_not_built(
    tmp_path: Path, make_warehouse: MakeWarehouse
) -> None:
    deal = {"deal_key": "k", "contact_id": "c", "closed_at": AT}
    deals = [{"source": "a", **deal}, {"source": "b", **deal}]
    warehouse = make_warehouse(tmp_path, {datasets.DEALS: deals})
    with pytest.raises(dbt.TransformationFailed, match="unique_stg_files__deals_deal_key") as raised:
        dbt.build(warehouse)
    assert [node.kind for node in raised.value.failed] == ["test"]
    with (
        duckdb.connect(str(warehouse.file), read_only=True) as connection,
        pytest.raises(duckdb.CatalogException),
    ):
        connection.table("marts.fct_revenue")


def test_a_lake_that_lacks_a_dataset_fails_the_model_that_reads_it(
    tmp_path: Path, make_warehouse: MakeWarehouse
) -> None:
    warehouse = make_warehouse(tmp_path, {})
    (warehouse.lake / "costs" / "_empty.parquet").unlink()
    with pytest.raises(dbt.TransformationFailed, match="stg_files__costs") as raised:
        dbt.build(warehouse, select=["+fct_costs"])
    assert str(warehouse.lake) in raised.value.cause


def test_a_warehouse_that_another_process_has_open_is_transient(empty: Warehouse) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD, empty.file],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with holder:
        assert holder.stdout
        assert holder.stdout.readline()
        with pytest.raises(Transient, match=str(empty.file)):
            dbt.build(empty, select=["stg_files__costs"])


def test_a_command_that_dbt_does_not_understand_is_permanent(empty: Warehouse) -> None:
    with pytest.raises(Permanent, match="dbt build"):
        dbt.run(empty, "build", "--no-such-option")


def test_a_warning_is_told_and_stops_nothing(tmp_path: Path, make_warehouse: MakeWarehouse) -> None:
    touch = {"source": "crm", "touch_id": "t", "deliverable_id": "nobody registered it", "touched_at": AT}
    outcome = dbt.build(make_warehouse(tmp_path, {datasets.TOUCHES: [touch]}))
    assert len(outcome.warnings) == 1
    assert outcome.warnings[0].startswith("relationships_fct_touches_deliverable_id")
