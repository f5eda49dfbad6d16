"""Rows of other systems as assets: one per kind, whatever sources the configuration names for it.

Belongs here: loading every source of a kind, and what is said of one that failed. Does not belong here: reading
and mapping files (``connectors.files``). The graph is the same for every operation; a kind without a source is
materialized with nothing and says so.
"""

from dataclasses import replace

import dagster as dg

from delivery_ops import progress
from delivery_ops.connectors.files.load import LoadResult
from delivery_ops.connectors.files.retiring import retire
from delivery_ops.defs.outcomes import Outcome, failure, stops_plainly
from delivery_ops.errors import DeliveryOpsError
from delivery_ops.file_source import SourceKind
from delivery_ops.operation import Operation
from delivery_ops.reports.data import Balance, Failure

_DESCRIPTIONS: dict[SourceKind, str] = {
    "deliverables": "Deliverables as files list them, registered in the ledger. One event per deliverable.",
    "touches": "Contacts of people with the client. One row per source and touch.",
    "deals": "Won deals. One row per source and deal.",
    "revenue": "Signed amounts, booked to a deal or to none. One row per source and amount.",
    "costs": "Money and time spent on deliverables. One row per source and cost.",
}


def _asset(kind: SourceKind) -> dg.AssetsDefinition:
    name = f"raw_files__{kind}"
    check = dg.AssetCheckSpec(
        "every_source_loaded",
        asset=name,
        description="Every configured file could be read; of one that could not, the rows loaded before stand.",
    )

    @dg.asset(
        name=name,
        description=_DESCRIPTIONS[kind],
        deps=[] if kind == "deliverables" else ["raw_files__deliverables"],
        check_specs=[check],
        group_name="ingestion",
        owners=["team:data"],
        kinds={"python", "parquet"},
    )
    @stops_plainly
    def rows(operation: dg.ResourceParam[Operation]) -> dg.MaterializeResult:
        return _load(operation, kind)

    return rows


def _load(operation: Operation, kind: SourceKind) -> dg.MaterializeResult:
    sources = [source for source in operation.settings.sources if source.kind == kind]
    results: list[LoadResult] = []
    # Together: a deal that goes over to another source stands in both, or in none, until both are loaded.
    with progress.stage(f"Loading {kind}") as tell, operation.lake.together():
        for done, source in enumerate(sources, start=1):
            results.append(operation.load(source))
            tell(done, len(sources))
        retired = retire(kind, operation.settings, operation.lake, operation.ledger, operation.database)
    failed = [_failure(kind, each.error, each.standing) for each in results if each.error]
    outcome = Outcome(
        balances=tuple(_balance(each) for each in results if each.error is None),
        failures=tuple(failed),
        skipped=() if sources else (f"{kind}: no source is configured",),
        retired=tuple(retired),
        changed=bool(retired) or any(each.changed for each in results),
    )
    return dg.MaterializeResult(
        metadata=outcome.metadata(**{"dagster/row_count": sum(each.outcome.kept for each in results)}),
        check_results=[
            dg.AssetCheckResult(
                check_name="every_source_loaded",
                passed=not failed,
                severity=dg.AssetCheckSeverity.WARN,
                metadata={each.subject: each.cause for each in failed},
            )
        ],
    )


def _failure(kind: SourceKind, error: DeliveryOpsError, standing: str | None) -> Failure:
    told = failure(f"File source ({kind})", error)
    return replace(told, cause=f"{told.cause}; {standing}")


def _balance(result: LoadResult) -> Balance:
    said = result.outcome
    return Balance(
        kind="file",
        subject=said.source,
        incoming=said.rows,
        outcomes={"kept": said.kept, "duplicate": said.duplicate, "rejected": said.rejected},
    )


files = [_asset(kind) for kind in _DESCRIPTIONS]
