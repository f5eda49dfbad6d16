"""The sweep as an asset: every page that is due, judged.

Belongs here: what a sweep says to Dagster, and which site counts as failed. Does not belong here: fetching and
judging (``gates``). One unreachable page is that page's outcome ``error``; a site of which no page could be measured
is a failure of the run. Checks and failures tell what stands, so that they stay until it changes.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence

import dagster as dg

from delivery_ops import settings
from delivery_ops.database.roles import Role
from delivery_ops.defs.outcomes import Outcome, stops_plainly
from delivery_ops.gates.results import GateResult
from delivery_ops.gates.sites import host_of
from delivery_ops.gates.standing import Standing
from delivery_ops.gates.sweep import sweep
from delivery_ops.gates.verdicts import Mode
from delivery_ops.operation import Operation
from delivery_ops.reports.data import Failure
from delivery_ops.reports.words import plural
from delivery_ops.settings import Site

_ASSET = "core_gates__evaluations"
_CHECK = "every_site_answered"
_HOLDS_NAMED = 5


def _check_specs() -> list[dg.AssetCheckSpec]:
    """Of the operation that ``DELIVERY_OPS_CONFIG`` names: a gate that is not configured has no check to be green."""
    answered = dg.AssetCheckSpec(_CHECK, asset=_ASSET, description="Of every site some page could be measured.")
    return [answered] + [
        dg.AssetCheckSpec(gate, asset=_ASSET, description=f"No live page fails the gate {gate} as it stands.")
        for gate in settings.load().gates
    ]


@dg.asset(
    name=_ASSET,
    deps=["raw_files__deliverables"],
    check_specs=_check_specs(),
    group_name="gates",
    owners=["team:qa"],
    kinds={"python", "greatexpectations"},
)
@stops_plainly
def evaluations(operation: dg.ResourceParam[Operation]) -> dg.MaterializeResult:
    """Every page that is due, fetched, measured and judged by Great Expectations. One event per page and gate."""
    configured = operation.settings
    modes: dict[str, Mode] = {gate: mode for gate, mode in configured.gates.items()}  # noqa: C416  widens the key's type
    swept = sweep(
        operation.ledger,
        operation.database.engine(Role.reader),
        operation.fetcher(),
        sites=configured.sites,
        modes=modes,
        day_end=operation.end_of_date,
        catch_up=operation.catch_up,
    )
    standing = swept.standing
    silent = silent_sites(configured.sites, standing.results(modes))
    outcome = Outcome(
        failures=tuple(silent),
        skipped=tuple(not_judged(configured.sites, modes, standing)),
        changed=swept.appended.get("kept", 0) > 0,
    )
    counts = {f"{gate} {name}": number for gate, of in swept.outcomes.items() for name, number in of.items()}
    metadata = {
        "pages live": len(standing.pages),
        "pages of no site": sum(map(len, standing.elsewhere.values())),
        "pages judged": len(swept.judged),
        "held": len(swept.held),
        **counts,
    }
    return dg.MaterializeResult(
        metadata=outcome.metadata(**metadata),
        check_results=[_answered(silent), *(gate_check(gate, standing.results([gate])) for gate in modes)],
    )


def silent_sites(sites: Sequence[Site], results: Iterable[GateResult]) -> list[Failure]:
    """The sites of which, by the ``results`` that stand, no page could be measured."""
    by_host: dict[str | None, list[GateResult]] = defaultdict(list)
    for result in results:
        by_host[host_of(result.url)].append(result)
    return [
        Failure(
            what="Site",
            subject=site.url,
            cause=f"none of its {len({result.page_key for result in of})} pages could be measured: "
            f"{of[0].findings[0]['message']}",
            remedy="See that the site answers this machine; the next run looks again.",
        )
        for site in sites
        if (of := by_host[host_of(site.url)]) and all(result.outcome == "error" for result in of)
    ]


def not_judged(sites: Sequence[Site], gates: Collection[str], standing: Standing) -> list[str]:
    """What no gate looks at, in sentences: nothing is configured for it, or nothing is there; and what stays held."""
    sentences = [] if sites else ["gates: no site is configured"]
    if standing.elsewhere:
        pages = plural(sum(map(len, standing.elsewhere.values())), "page")
        sentences.append(f"gates: {pages} on {plural(len(standing.elsewhere), 'host')} no site is configured for")
    elif sites and not standing.pages:
        sentences.append("gates: no page is published")
    if stuck := standing.beyond_release(gates):
        named = ", ".join(f"{deliverable_id} by {gate}" for deliverable_id, gate in stuck[:_HOLDS_NAMED])
        more = f" and {len(stuck) - _HOLDS_NAMED} more" if len(stuck) > _HOLDS_NAMED else ""
        holds = f"{plural(len(stuck), 'hold')} that no run can release before site and gate are configured again"
        sentences.append(f"gates: {holds}: {named}{more}")
    return sentences


def gate_check(gate: str, results: Sequence[GateResult]) -> dg.AssetCheckResult:
    """Whether any of the ``results`` of ``gate`` that stand is a fail; what that means for a deliverable, holds say."""
    failed = [f"{one.deliverable_id}: {', '.join(one.finding_codes)}" for one in results if one.outcome == "fail"]
    counts = dict(Counter[str](one.outcome for one in results))
    return dg.AssetCheckResult(
        check_name=gate,
        passed=not failed,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={**counts, "pages": dg.MetadataValue.json(failed)},
    )


def _answered(silent: Sequence[Failure]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=_CHECK,
        passed=not silent,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={each.subject: each.cause for each in silent},
    )
