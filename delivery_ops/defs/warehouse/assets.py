"""The warehouse's steps: dbt's models as assets, their publication, and the report made from it.

Belongs here: running dbt for Dagster, one invocation per run. Does not belong here: SQL (``dbt_project``), how
marts reach readers (``warehouse.publish``), how a report looks (``reports``). Only steps of the pool ``warehouse``
open the DuckDB file: it lets in one process at a time, even to read.
"""

import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliResource, dbt_assets

from delivery_ops import progress
from delivery_ops.defs.warehouse.translator import Translator
from delivery_ops.operation import Operation
from delivery_ops.warehouse.marts import marts
from delivery_ops.warehouse.project import PROJECT, Warehouse, ensure_manifest
from delivery_ops.warehouse.publish import publish

POOL = "warehouse"


def dbt() -> DbtCliResource:
    """The dbt of this environment, whether or not it is on the PATH."""
    return DbtCliResource(
        project_dir=str(PROJECT), profiles_dir=str(PROJECT), dbt_executable=str(Path(sys.executable).parent / "dbt")
    )


@dbt_assets(
    manifest=ensure_manifest(), dagster_dbt_translator=Translator(), exclude="resource_type:unit_test", pool=POOL
)
def models(context: dg.AssetExecutionContext, operation: dg.ResourceParam[Operation]) -> Iterator[Any]:
    """Every model of the dbt project, built over what the lake has, with its tests as checks."""
    warehouse = Warehouse.of(operation.settings, as_of=operation.end_of_date)
    warehouse.artifacts.mkdir(parents=True, exist_ok=True)
    log = (warehouse.artifacts / "console.log").open("w", encoding="utf-8")
    # dbt's own chatter goes to a file: on the command line's terminal it would bury the run's one screen.
    with progress.stage("Transforming (dbt)") as tell, log, redirect_stdout(log):
        total = len(context.selected_asset_keys) + len(context.selected_asset_check_keys)
        invocation = dbt().cli(["build", *warehouse.arguments()], context=context)
        for done, event in enumerate(invocation.stream(), start=1):
            tell(done, total)
            yield event


@dg.asset(
    name="analytics_publication",
    deps=[models],
    group_name="publication",
    owners=["team:analytics"],
    kinds={"postgres"},
    pool=POOL,
)
def publication(context: dg.AssetExecutionContext, operation: dg.ResourceParam[Operation]) -> dg.MaterializeResult:
    """The marts as views of the PostgreSQL schema ``analytics``, all switched at once. One version per run."""
    warehouse = Warehouse.of(operation.settings, as_of=operation.end_of_date)
    with progress.stage("Publishing the marts"):
        done = publish(
            operation.database,
            warehouse.file,
            marts(ensure_manifest()),
            run_id=context.run_id,
            as_of=operation.end_of_date,
        )
    return dg.MaterializeResult(metadata={"version": done.version, "rows": dict(done.rows)})
