"""What a run has to say that the marts do not hold: every step's outcome.

Belongs here: gathering. Does not belong here: telling (``reports``). Read from Dagster's own record of the steps, so
that the page made inside a run and the command line after it tell the same.
"""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from delivery_ops.defs.delivery.assets import STEPS_BEFORE
from delivery_ops.defs.outcomes import Outcome
from delivery_ops.operation import Operation
from delivery_ops.reports.data import RunFacts
from delivery_ops.settings import option_of

STEPS = (*STEPS_BEFORE, "core_ledger__events")
"""The assets whose outcomes a report tells, in the order in which it tells them."""


def run_facts(instance: dg.DagsterInstance, operation: Operation, run_id: str) -> RunFacts:
    """The facts of run ``run_id``, which is under way or over.

    A step that it did not execute is told by its standing outcome: that of the run which it executes again from where
    that failed, else the latest of any run. Another run beside this one is not told in its place.
    """
    found = {step: said for said in _materializations(instance, run_id) if (step := said.asset_key.path[-1]) in STEPS}
    for step in STEPS:
        event = None if step in found else instance.get_latest_materialization_event(dg.AssetKey(step))
        if event and event.asset_materialization:
            found[step] = event.asset_materialization
    outcome = Outcome.of(found[step] for step in STEPS if step in found)
    return RunFacts(
        operation=operation.settings.operation,
        zone=operation.settings.zone,
        config_option=option_of(operation.settings.config_dir),
        run_id=run_id,
        as_of=operation.date,
        started_at=operation.opened_at,
        finished_at=operation.opened_at + operation.open_for,
        attribution_window_days=operation.settings.attribution.window_days,
        mismatch_window_days=operation.settings.mismatch.window_days,
        mismatch_min_impressions=operation.settings.mismatch.min_impressions,
        balances=outcome.balances,
        failures=outcome.failures,
        skipped=outcome.skipped,
        retired=outcome.retired,
        changed=outcome.changed,
    )


def _materializations(instance: dg.DagsterInstance, run_id: str) -> Iterator[dg.AssetMaterialization]:
    """Those of the runs that ``run_id`` executes again, the first run's first, then its own; in their order."""
    run = instance.get_run_by_id(run_id)
    if run and run.parent_run_id:
        yield from _materializations(instance, run.parent_run_id)
    cursor, has_more = None, True
    while has_more:
        page = instance.get_records_for_run(run_id, cursor, dg.DagsterEventType.ASSET_MATERIALIZATION)
        yield from (record.asset_materialization for record in page.records if record.asset_materialization)
        cursor, has_more = page.cursor, page.has_more
