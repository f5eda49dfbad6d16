"""The sweep as an asset: every page that is due, judged.

Belongs here: what a sweep says to Dagster, and which site counts as failed. Does not belong here: fetching and
judging (``gates``). One unreachable page is that page's outcome ``error``; a site of which no page could be measured
is a failure of the run.
"""

from collections import defaultdict
from collections.abc import Sequence

import dagster as dg

from delivery_ops.database.roles import Role
from delivery_ops.defs.outcomes import Outcome, stops_plainly
from delivery_ops.gates.sweep import JudgedPage, SweepResult, sweep
from delivery_ops.gates.verdicts import Mode
from delivery_ops.operation import Operation
from delivery_ops.reports.data import Failure
from delivery_ops.settings import Site

_ASSET = "core_gates__evaluations"
_CHECK = "every_site_answered"


@dg.asset(
    name=_ASSET,
    deps=["raw_files__deliverables"],
    check_specs=[
        dg.AssetCheckSpec(_CHECK, asset=_ASSET, description="Of every site some page could be measured."),
        dg.AssetCheckSpec("schemaCheck", asset=_ASSET, description="No judged page fails the gate schemaCheck."),
        dg.AssetCheckSpec("seoTagsPresent", asset=_ASSET, description="No judged page fails the gate seoTagsPresent."),
    ],
    group_name="gates",
    owners=["team:qa"],
    kinds={"python", "greatexpectations"},
)
@stops_plainly
def evaluations(operation: dg.ResourceParam[Operation]) -> dg.MaterializeResult:
    """Every page that is due, fetched, measured and judged by Great Expectations. One event per page and gate."""
    operation.catch_up()
    settings = operation.settings
    modes: dict[str, Mode] = {gate: mode for gate, mode in settings.gates.items()}  # noqa: C416  widens the key's type
    swept = sweep(
        operation.ledger,
        operation.database.engine(Role.reader),
        operation.fetcher(),
        modes=modes,
        day_end=operation.end_of_date,
    )
    operation.catch_up()
    silent = _silent_sites(settings.sites, swept.judged)
    outcome = Outcome(
        failures=tuple(silent),
        skipped=() if swept.live else ("gates: no page is published",),
        changed=swept.appended.get("kept", 0) > 0,
    )
    counts = {f"{gate} {name}": number for gate, of in swept.outcomes.items() for name, number in of.items()}
    metadata = {"pages live": swept.live, "pages judged": len(swept.judged), "held": len(swept.held), **counts}
    return dg.MaterializeResult(
        metadata=outcome.metadata(**metadata),
        check_results=[_answered(silent), *(_gate(gate, swept) for gate in ("schemaCheck", "seoTagsPresent"))],
    )


def _silent_sites(sites: Sequence[Site], judged: Sequence[JudgedPage]) -> list[Failure]:
    """The sites with pages that were due, none of which could be measured."""
    pages: dict[str, list[JudgedPage]] = defaultdict(list)
    for one in judged:
        for site in sites:
            if one.page.url.startswith(site.url):
                pages[site.url].append(one)
    return [
        Failure(
            what="Site",
            subject=url,
            cause=f"none of its {len(of)} pages could be measured: {of[0].evaluations[0].findings[0].message}",
            remedy="See that the site answers this machine; the next run looks again.",
        )
        for url, of in pages.items()
        if all(evaluation.outcome == "error" for one in of for evaluation in one.evaluations)
    ]


def _answered(silent: Sequence[Failure]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=_CHECK,
        passed=not silent,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={each.subject: each.cause for each in silent},
    )


def _gate(gate: str, swept: SweepResult) -> dg.AssetCheckResult:
    """How the gate went on the pages judged now. What a fail means for its deliverable stands in the ledger."""
    failed = [
        f"{one.page.deliverable_id}: {', '.join(sorted({finding.code for finding in each.findings}))}"
        for one in swept.judged
        for each in one.evaluations
        if each.gate == gate and each.outcome == "fail"
    ]
    return dg.AssetCheckResult(
        check_name=gate,
        passed=not failed,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"failed": len(failed), "pages": dg.MetadataValue.json(failed)},
    )
