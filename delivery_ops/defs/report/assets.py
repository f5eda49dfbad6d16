"""The report of a run as an asset, made from what the steps before it found and what is published.

Belongs here: putting the page where people find it. Does not belong here: gathering (``facts``), reading the marts
and drawing the page (``reports``).
"""

from pathlib import Path

import dagster as dg

from delivery_ops import progress
from delivery_ops.database.roles import Role
from delivery_ops.defs.outcomes import first_run_of, stops_plainly
from delivery_ops.defs.report.facts import run_facts
from delivery_ops.ledger import intake_log
from delivery_ops.operation import Operation
from delivery_ops.reports import archive, loading
from delivery_ops.settings import Settings

_CHECK = "balance_adds_up"


def page_of(settings: Settings) -> Path:
    """Where the report of the last run lies."""
    return settings.state_dir / "report.html"


@dg.asset(
    name="report",
    deps=["analytics_publication"],
    check_specs=[
        dg.AssetCheckSpec(_CHECK, asset="report", description="What went in came out somewhere, for every count.")
    ],
    group_name="publication",
    owners=["team:revops"],
    kinds={"html"},
)
@stops_plainly
def report(context: dg.AssetExecutionContext, operation: dg.ResourceParam[Operation]) -> dg.MaterializeResult:
    """One page for people: balance, gates, credit by model, what could not be attributed, search. One per run."""
    from delivery_ops.reports import page  # draws charts: half a second to import

    with progress.stage("Writing the report"):
        facts = run_facts(context.instance, operation, context.run.run_id)
        data = loading.load(operation.database.engine(Role.reader), facts)
        html = page.render(data)
        path = page_of(operation.settings)
        archive.keep(path.with_name("reports"), f"{operation.date}-{context.run.run_id}.html", html)
        archive.put(path, html)
    with operation.database.engine(Role.writer).begin() as connection:
        intake_log.tell(connection, first_run_of(context))
    return dg.MaterializeResult(
        metadata={"page": dg.MetadataValue.path(path), "failures": len(facts.failures)},
        check_results=[
            dg.AssetCheckResult(
                check_name=_CHECK,
                passed=not data.run.unaccounted,
                metadata={each.subject: each.unaccounted for each in data.run.unaccounted},
            )
        ],
    )
