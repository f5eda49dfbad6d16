"""The daily run, started from the command line: the same Dagster job that the schedule starts, in this process.

Belongs here: launching the job with its date, freeing what a killed run still holds, and what came of it. Does not
belong here: what the job consists of (``defs``) and how the end is shown (``reports``).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import dagster as dg
import psutil

from delivery_ops import dagster_home
from delivery_ops.database.roles import Role
from delivery_ops.errors import Permanent
from delivery_ops.operation import open_operation
from delivery_ops.reports.data import ReportData
from delivery_ops.reports.loading import load
from delivery_ops.settings import Settings

JOB = "daily"
_PROCESS_TAG = "delivery_ops/process"
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True, kw_only=True, slots=True)
class DailyRun:
    """A finished run: what its report tells, where the page is, and the names of the checks that failed as errors."""

    data: ReportData
    report: Path
    failed_checks: tuple[str, ...]

    @property
    def is_clean(self) -> bool:
        """Whether everything that was asked of the run could be done and every check of it held."""
        return not self.failed_checks and not self.data.run.failures


def run_daily(settings: Settings, *, on: date | None = None) -> DailyRun:
    """Run the job ``daily`` for ``on`` (default: the operation's today) and wait for its end.

    Raises:
        DeliveryOpsError: the operation could not be opened.
        Permanent: a step failed, so that what follows from it was not done; the step is named.
    """
    with open_operation(settings, on=on) as operation:
        os.environ.update(dagster_home.prepare(settings, operation.database))
        # Imported here: the definitions read DELIVERY_OPS_CONFIG when they are loaded.
        from delivery_ops.definitions import defs
        from delivery_ops.defs.report.assets import page_of
        from delivery_ops.defs.report.facts import run_facts

        job = defs().resolve_job_def(JOB)
        with dg.DagsterInstance.get() as instance:
            _keep_connections(instance)
            _free_slots_of_killed_runs(instance)
            result = job.execute_in_process(
                instance=instance,
                run_config={"resources": {"operation": {"config": {"date": str(operation.date)}}}, **_QUIET},
                tags={_PROCESS_TAG: f"{os.getpid()}@{psutil.Process().create_time()}"},
                raise_on_error=False,
            )
            if not result.success:
                raise _stopped(result)
            data = load(operation.database.engine(Role.reader), run_facts(instance, operation, result.run_id))
    # A WARN is told where it belongs: a page that fails a gate in the ledger, a property that failed in the report.
    failed = [
        each
        for each in result.get_asset_check_evaluations()
        if not each.passed and each.severity is dg.AssetCheckSeverity.ERROR
    ]
    return DailyRun(
        data=data, report=page_of(settings), failed_checks=tuple(sorted(each.check_name for each in failed))
    )


def _keep_connections(instance: dg.DagsterInstance) -> None:
    """Let Dagster's storages keep a connection each, as they do under its webserver.

    By default they log in anew for each of the 900 statements of a run, which was 8 of its 13 s.
    """
    instance.optimize_for_webserver(statement_timeout=0, pool_recycle=3600, max_overflow=20)


def _stopped(result: dg.ExecuteInProcessResult) -> Permanent:
    failures = result.filter_events(lambda event: event.is_step_failure)
    step = failures[0].step_key if failures else JOB
    error = failures[0].step_failure_data.error if failures else None
    while error is not None and error.cause is not None:
        error = error.cause
    cause = "the run was ended from outside" if error is None else error.message.strip()
    return Permanent(
        "the daily run",
        subject=f"step {step}",
        cause=cause.splitlines()[0][:500],
        remedy=f"Steps before it are done and stay; `delivery-ops up` shows run {result.run_id} whole.",
    )


def _free_slots_of_killed_runs(instance: dg.DagsterInstance) -> None:
    """End runs whose process is gone, and free their place in the pool ``warehouse``.

    A process ended by ``kill -9`` cannot say so; without this every later run would wait for it for ever. Runs that
    the daemon launched are watched by the daemon itself (``run_monitoring``).
    """
    started = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING])
    for run in instance.get_runs(started):
        owner = run.tags.get(_PROCESS_TAG)
        if owner and not _is_alive(owner):
            instance.report_run_failed(run, "The process that executed this run is gone.")
    for pool in instance.event_log_storage.get_concurrency_keys():
        for run_id in instance.event_log_storage.get_concurrency_info(pool).active_run_ids:
            holder = instance.get_run_by_id(run_id)
            if holder is None or holder.is_finished:
                instance.event_log_storage.free_concurrency_slots_for_run(run_id)


def _is_alive(owner: str) -> bool:
    pid, _, created = owner.partition("@")
    try:
        return psutil.Process(int(pid)).create_time() == float(created)
    except (psutil.NoSuchProcess, ValueError):
        return False
