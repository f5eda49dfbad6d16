"""The Search Console export as assets: days that can be launched one by one or as a range, and the daily coverage.

Belongs here: which partitions a run has materialized, and what is said of the others. Does not belong here: the
export itself (``search_console``). A day that Google has not completed, or that could not be fetched, is *not*
materialized: its partition stays missing, so that lineage and backfills show the truth.
"""

from collections.abc import Iterator, Sequence
from datetime import date

import dagster as dg

from delivery_ops import progress
from delivery_ops.defs.outcomes import Outcome, failure, stops_plainly
from delivery_ops.defs.search_console.partitions import days_by_property, partition_key, search_days
from delivery_ops.errors import Permanent
from delivery_ops.operation import Operation
from delivery_ops.search_console.due import PropertySummary, configuration, export_due, export_range
from delivery_ops.search_console.export import GONE
from delivery_ops.search_console.windows import DaySpan

OWNERS = ["team:search"]
GROUP = "ingestion"


@dg.asset(
    name="raw_search_console__performance",
    partitions_def=search_days(),
    backfill_policy=dg.BackfillPolicy.single_run(),
    output_required=False,
    deps=["raw_files__deliverables"],
    group_name=GROUP,
    owners=OWNERS,
    kinds={"python", "parquet"},
)
@stops_plainly
def performance(
    context: dg.AssetExecutionContext, operation: dg.ResourceParam[Operation]
) -> Iterator[dg.AssetMaterialization]:
    """Search performance by page and by query, with the property's own totals.

    One partition per property and Pacific day, holding one row per page, one per query and page, and one of totals.
    Launched here for days of one's choice; the daily run brings what is due through the coverage below.
    """
    operation.catch_up()
    configured, exporter = configuration(operation.settings), operation.exporter()
    summaries = []
    for property_, days in days_by_property(context.partition_keys).items():
        span = DaySpan.inclusive(days[0], days[-1])
        with progress.stage(f"Search Console: {property_}") as tell:
            summary = export_range(exporter, configured, property_, span, progress=tell)
        summaries.append(summary)
        yield from _materializations([summary])
        # A day that was taken before, by the command line say, is there as well.
        tried = {result.day for result in summary.results}
        for day, known in exporter.logged(property_, span).items():
            if known.exported_at and day not in tried:
                yield _materialization(property_, day, status=known.status)
    if broken := {summary.property_name: summary.error for summary in summaries if summary.error}:
        raise Permanent(  # whatever its error: the client has tried again for as long as that helps
            "exporting Search Console days",
            subject=", ".join(broken),
            cause="; ".join(error.cause for error in broken.values()),
            remedy=" ".join({error.remedy: None for error in broken.values()}),
        )


@dg.asset(
    name="raw_search_console__coverage",
    # After the gates: search moves a deliverable to its last stage, which one that fails a gate must not enter.
    deps=[performance, "core_gates__evaluations"],
    check_specs=[
        dg.AssetCheckSpec(
            "every_property_answered",
            asset="raw_search_console__coverage",
            description="No property failed; one that did is missing days, which stay due.",
        )
    ],
    group_name=GROUP,
    owners=OWNERS,
    kinds={"python", "parquet"},
)
@stops_plainly
def coverage(context: dg.AssetExecutionContext, operation: dg.ResourceParam[Operation]) -> dg.MaterializeResult:
    """Every property's trailing window, brought up to date: what was missing or stale is exported.

    One row of metadata per property: days exported, known to be zero, incomplete, still missing.
    """
    configured, exporter = operation.settings.search_console, operation.exporter()
    gone = exporter.retire({each.property for each in configured.properties} if configured else ())
    retired = tuple(f"Search Console: {name}: {GONE}" for name in gone)
    if configured is None or not configured.properties:
        never = ("Search Console: no property is configured",)
        nothing = Outcome(skipped=never, retired=retired, changed=bool(retired))
        return dg.MaterializeResult(metadata=nothing.metadata(), check_results=[_answered([])])
    operation.catch_up()
    with progress.stage("Exporting Search Console days") as tell:
        summary = export_due(exporter, configured, as_of=operation.end_of_date, progress=tell)
    operation.catch_up()
    for materialization in _materializations(summary.properties):
        context.log_event(materialization)
    failed = [failure("Search Console property", each.error) for each in summary.failed if each.error]
    news = bool(retired) or any(each.exported or each.zero for each in summary.properties)
    outcome = Outcome(failures=tuple(failed), retired=retired, changed=news)
    return dg.MaterializeResult(
        metadata=outcome.metadata(properties=_table(summary.properties)),
        check_results=[_answered(summary.failed)],
    )


def _materializations(summaries: Sequence[PropertySummary]) -> Iterator[dg.AssetMaterialization]:
    for summary in summaries:
        for result in summary.results:
            if result.status in {"complete", "zero"}:
                yield _materialization(
                    summary.property_name,
                    result.day,
                    **{
                        "dagster/row_count": result.rows or 0,
                        "status": result.status,
                        "matched": result.matched or 0,
                        "unmatched": result.unmatched or 0,
                        "clicks": result.clicks or 0,
                        "impressions": result.impressions or 0,
                    },
                )


def _materialization(property_: str, day: date, **metadata: str | int) -> dg.AssetMaterialization:
    return dg.AssetMaterialization(
        asset_key="raw_search_console__performance", partition=partition_key(property_, day), metadata=metadata
    )


def _answered(failed: Sequence[PropertySummary]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name="every_property_answered",
        passed=not failed,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={summary.property_name: str(summary.error) for summary in failed},
    )


def _table(summaries: Sequence[PropertySummary]) -> dg.TableMetadataValue:
    columns = ("exported", "zero", "incomplete", "missing")
    return dg.MetadataValue.table(
        [
            dg.TableRecord(
                {"property": each.property_name} | {name: ", ".join(map(str, getattr(each, name))) for name in columns}
            )
            for each in summaries
        ]
    )
