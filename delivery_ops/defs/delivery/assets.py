"""The ledger and its folds in the lake, as assets.

Belongs here: one step that exports them together (they must be of one snapshot of the database) and the check that
compares both sides. Does not belong here: the export (``lake.export``).
"""

from collections.abc import Iterator

import dagster as dg

from delivery_ops import progress
from delivery_ops.database.roles import Role
from delivery_ops.defs.outcomes import Outcome, first_run_of, stops_plainly
from delivery_ops.lake import datasets
from delivery_ops.lake.export import Comparison, export
from delivery_ops.ledger import intake_log
from delivery_ops.ledger.balance import Balance
from delivery_ops.operation import Operation
from delivery_ops.reports import data

_ASSETS = {
    "core_ledger__events": (datasets.EVENTS, "Every event of the ledger, in files by position. One row per event."),
    "core_delivery__deliverables": (
        datasets.DELIVERABLES,
        "Registered deliverables and their stage. One row per deliverable.",
    ),
    "core_delivery__deliverable_urls": (
        datasets.DELIVERABLE_URLS,
        "Which page was whose, and when. One row per page, deliverable and interval.",
    ),
    "core_delivery__stage_moves": (
        datasets.STAGE_MOVES,
        "Every move of a stage: illegal ones and those that were told but not made are flagged. One row per move.",
    ),
    "core_gates__results": (datasets.GATE_RESULTS, "Every evaluation of a gate. One row per evaluation."),
}
STEPS_BEFORE = (
    *(f"raw_files__{kind}" for kind in ("deliverables", "touches", "deals", "revenue", "costs")),
    "raw_search_console__coverage",
    "core_gates__evaluations",
)
"""Every step that appends events: the export comes after all of them, so that it has what they said."""

_CHECK = "lake_agrees_with_postgres"


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            name,
            description=description,
            deps=list(STEPS_BEFORE),
            group_name="core",
            owners=["team:revops"],
            kinds={"postgres", "parquet"},
        )
        for name, (_, description) in _ASSETS.items()
    ],
    check_specs=[
        dg.AssetCheckSpec(
            _CHECK,
            asset="core_ledger__events",
            blocking=True,  # marts made from half an export would be wrong without looking so
            description="Counts and sums of events and folds are the same in PostgreSQL and in the lake.",
        )
    ],
)
@stops_plainly
def lake(
    context: dg.AssetExecutionContext, operation: dg.ResourceParam[Operation]
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    operation.catch_up()
    with progress.stage("Exporting the ledger to the lake"):
        done = export(operation.lake, operation.database)
    with operation.database.engine(Role.writer).begin() as connection:
        arrived = intake_log.count(connection, first_run_of(context))
    outcome = Outcome(balances=(_balance(arrived),), changed=arrived.kept > 0)
    for name, (dataset, _) in _ASSETS.items():
        said = outcome.metadata() if dataset is datasets.EVENTS else {}
        rows = operation.lake.rows(dataset)
        yield dg.MaterializeResult(asset_key=name, metadata={**said, "dagster/row_count": rows})
    differing = [each for each in done.comparisons if not each.agrees]
    yield dg.AssetCheckResult(
        check_name=_CHECK,
        asset_key="core_ledger__events",
        passed=not differing,
        metadata={"compared": len(done.comparisons), **{each.subject: _said(each) for each in differing}},
    )


def _balance(arrived: Balance) -> data.Balance:
    return data.Balance(
        kind="events",
        subject="ledger",
        incoming=arrived.received,
        outcomes={
            "kept": arrived.kept,
            "duplicate": arrived.duplicate,
            "conflict": arrived.conflict,
            "rejected": arrived.rejected,
        },
    )


def _said(comparison: Comparison) -> str:
    return f"PostgreSQL {comparison.in_postgres}, lake {comparison.in_lake}"
