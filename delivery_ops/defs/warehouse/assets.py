"""The warehouse's steps: dbt's models as assets, their publication, and the report made from it.

Belongs here: running dbt for Dagster, one invocation per run, in this process: dagster-dbt's own command line starts
three more (measured 11.5 s against 2.7 s). Does not belong here: SQL (``dbt_project``), how
marts reach readers (``warehouse.publish``), how a report looks (``reports``). Only steps of the pool ``warehouse``
open the DuckDB file: it lets in one process at a time, even to read.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import cast

import dagster as dg
from dagster_dbt import dbt_assets

from delivery_ops import progress
from delivery_ops.defs.outcomes import stops_plainly
from delivery_ops.defs.warehouse.translator import Translator
from delivery_ops.errors import Permanent
from delivery_ops.operation import Operation
from delivery_ops.settings import Settings, option_of
from delivery_ops.warehouse.dbt import NodeResult, TransformationFailed, build
from delivery_ops.warehouse.manifest import MANIFEST, ensure_manifest
from delivery_ops.warehouse.marts import Mart, marts
from delivery_ops.warehouse.project import Warehouse
from delivery_ops.warehouse.publish import publish

POOL = "warehouse"
_AS_OF = "as_of"  # what a model was built as of, among the metadata of its materialization


@dbt_assets(manifest=MANIFEST, dagster_dbt_translator=Translator(), exclude="resource_type:unit_test", pool=POOL)
@stops_plainly
def models(
    context: dg.AssetExecutionContext, operation: dg.ResourceParam[Operation]
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Every model of the dbt project, built over what the lake has, with its tests as checks."""
    warehouse = Warehouse.of(operation.settings, as_of=operation.end_of_date)
    operation.lake.snapshot(warehouse.lake)  # the pool lets nobody else read the one before
    select = [key.path[-1] for key in context.selected_asset_keys] if context.is_subset else []
    with progress.stage("Transforming (dbt)") as tell:
        try:
            nodes = build(warehouse, select=select, progress=tell).nodes
        except TransformationFailed as failed:
            yield from _results(context, failed.nodes, operation.end_of_date)
            raise
    yield from _results(context, nodes, operation.end_of_date)


def _results(
    context: dg.AssetExecutionContext, nodes: Sequence[NodeResult], as_of: datetime
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """What Dagster is told of dbt's nodes: models that were built, and tests that are checks of one."""
    checks = {key.name: key for key in context.selected_asset_check_keys}
    for node in nodes:
        if node.kind == "model" and node.status == "success":
            yield dg.MaterializeResult(asset_key=node.name, metadata={_AS_OF: dg.MetadataValue.timestamp(as_of)})
        elif node.name in checks and node.status != "skipped":
            yield dg.AssetCheckResult(
                asset_key=checks[node.name].asset_key,
                check_name=node.name,
                passed=node.status == "pass",
                severity=dg.AssetCheckSeverity.WARN if node.status == "warn" else dg.AssetCheckSeverity.ERROR,
                metadata={"said": node.message} if node.message else {},
            )


@dg.asset(
    name="analytics_publication",
    deps=[mart.name for mart in marts(MANIFEST)],
    group_name="publication",
    owners=["team:analytics"],
    kinds={"postgres"},
    pool=POOL,
)
@stops_plainly
def publication(context: dg.AssetExecutionContext, operation: dg.ResourceParam[Operation]) -> dg.MaterializeResult:
    """The marts as views of the PostgreSQL schema ``analytics``, all switched at once. One version per run."""
    warehouse = Warehouse.of(operation.settings, as_of=operation.end_of_date)
    published = marts(ensure_manifest())
    run_id, as_of = _last_build(context.instance, published, operation.settings)
    with progress.stage("Publishing the marts"):
        done = publish(operation.database, warehouse.file, published, run_id=run_id, as_of=as_of)
    return dg.MaterializeResult(metadata={"version": done.version, "rows": dict(done.rows)})


def _last_build(instance: dg.DagsterInstance, built: Sequence[Mart], settings: Settings) -> tuple[str, datetime]:
    """The run that built the marts last, and as of when: between two steps of a run another may have built them."""
    events = [instance.get_latest_materialization_event(dg.AssetKey(mart.name)) for mart in built]
    builds = [
        (event.timestamp, event.run_id, stated.value)
        for event in events
        if event and event.asset_materialization and (stated := event.asset_materialization.metadata.get(_AS_OF))
    ]
    if not builds:
        raise Permanent(
            "publishing the marts",
            subject="the warehouse",
            cause="no run of this release has built it",
            remedy=f"Build it first: delivery-ops run{option_of(settings.config_dir)}",
        )
    _, run_id, as_of = max(builds)
    return run_id, datetime.fromtimestamp(cast("float", as_of), tz=UTC)
