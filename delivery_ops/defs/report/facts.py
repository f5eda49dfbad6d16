"""What a run has to say that the marts do not hold: every step's latest outcome, and the search rows' balance.

Belongs here: gathering. Does not belong here: telling (``reports``). Read from Dagster's own record of the steps, so
that the page made inside a run and the command line after it tell the same.
"""

from __future__ import annotations

from collections import Counter

import dagster as dg
import sqlalchemy as sa

from delivery_ops.database.roles import Role
from delivery_ops.defs.delivery.assets import STEPS_BEFORE
from delivery_ops.defs.outcomes import Outcome
from delivery_ops.lake.datasets import SEARCH_PAGES
from delivery_ops.operation import Operation
from delivery_ops.reports.data import Balance, RunFacts

STEPS = (*STEPS_BEFORE, "core_ledger__events")
"""The assets whose outcomes a report tells, in the order in which it tells them."""

_MATCHED = sa.text(
    "SELECT property, count(deliverable_id) AS matched, count(*) - count(deliverable_id) AS unmatched "
    "FROM analytics.fct_search_performance GROUP BY property ORDER BY property"
)


def run_facts(instance: dg.DagsterInstance, operation: Operation, run_id: str) -> RunFacts:
    """The facts of run ``run_id``, which is under way or over. The marts must be published."""
    events = [instance.get_latest_materialization_event(dg.AssetKey(step)) for step in STEPS]
    found = [event.asset_materialization for event in events if event and event.asset_materialization]
    outcome = Outcome.of(found)
    return RunFacts(
        operation=operation.settings.operation,
        zone=operation.settings.zone,
        run_id=run_id,
        as_of=operation.date,
        started_at=operation.opened_at,
        finished_at=operation.opened_at + operation.open_for,
        attribution_window_days=operation.settings.attribution.window_days,
        mismatch_window_days=operation.settings.mismatch.window_days,
        mismatch_min_impressions=operation.settings.mismatch.min_impressions,
        balances=(*outcome.balances, *_search_balances(operation)),
        failures=outcome.failures,
        skipped=outcome.skipped,
        changed=outcome.changed,
    )


def _search_balances(operation: Operation) -> list[Balance]:
    """Rows that the export brought, counted in the lake, against what the marts made of them."""
    brought = Counter[str]()
    for partition in operation.lake.partitions(SEARCH_PAGES):
        property_ = partition.rpartition("/")[0]
        brought[property_] += operation.lake.read(SEARCH_PAGES, partition).num_rows
    with operation.database.engine(Role.reader).connect() as connection:
        matched = {row.property: row._asdict() for row in connection.execute(_MATCHED)}
    return [
        Balance(
            kind="search",
            subject=property_,
            incoming=brought[property_],
            outcomes={name: matched.get(property_, {}).get(name, 0) for name in ("matched", "unmatched")},
        )
        for property_ in sorted(brought | Counter(dict.fromkeys(matched, 0)))
    ]
