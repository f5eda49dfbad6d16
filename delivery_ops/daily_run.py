"""The daily run, started from the command line: the same Dagster job that the schedule starts, in this process.

Belongs here: launching the job with its date, and what came of it. Does not belong here: what the job consists of
(``defs``) and how the end is shown (``reports``).
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import dagster as dg
from dagster._core.storage.tags import REPOSITORY_LABEL_TAG

from delivery_ops import dagster_home, killed_runs
from delivery_ops.database.roles import Role
from delivery_ops.errors import Permanent
from delivery_ops.operation import open_operation
from delivery_ops.reports.data import ReportData
from delivery_ops.reports.loading import load
from delivery_ops.settings import Settings, option_of
from delivery_ops.warehouse.manifest import ensure_manifest

JOB = "daily"
# The webserver lists the runs of a job by this tag; it is the code location of `workspace.yaml`.
_REPOSITORY = "__repository__@delivery_ops"
_CTRL_C = frozenset({"DagsterExecutionInterruptedError", "KeyboardInterrupt"})
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
        KeyboardInterrupt: Ctrl-C, once Dagster has ended the run.
    """
    with open_operation(settings, on=on) as operation:
        ensure_manifest()  # the definitions only read it
        os.environ.update(dagster_home.prepare(settings, operation.database))
        # Imported here: the definitions read DELIVERY_OPS_CONFIG when they are loaded.
        from delivery_ops.definitions import defs
        from delivery_ops.defs.report.assets import page_of
        from delivery_ops.defs.report.facts import run_facts

        job = defs().resolve_job_def(JOB)
        with dg.DagsterInstance.get() as instance:
            _keep_connections(instance)
            result = job.execute_in_process(
                instance=instance,
                run_config={"resources": {"operation": {"config": {"date": str(operation.date)}}}, **_QUIET},
                tags={**killed_runs.process_tag(), REPOSITORY_LABEL_TAG: _REPOSITORY},
                raise_on_error=False,
            )
            if not result.success:
                raise _why_stopped(result, option_of(settings.config_dir))
            data = load(operation.database.engine(Role.reader), run_facts(instance, operation, result.run_id))
    return DailyRun(
        data=data, report=page_of(settings), failed_checks=failed_checks(result.get_asset_check_evaluations())
    )


def failed_checks(evaluations: Iterable[dg.AssetCheckEvaluation]) -> tuple[str, ...]:
    """The names of the checks that failed as errors.

    A WARN is told where it belongs: a page that fails a gate in the ledger, a property that failed in the report.
    """
    error = dg.AssetCheckSeverity.ERROR
    return tuple(sorted(each.check_name for each in evaluations if not each.passed and each.severity is error))


def _keep_connections(instance: dg.DagsterInstance) -> None:
    """Let Dagster's storages keep a connection each, as they do under its webserver.

    By default they log in anew for each of the 900 statements of a run, which was 8 of its 13 s.
    """
    instance.optimize_for_webserver(statement_timeout=0, pool_recycle=3600, max_overflow=20)


def _why_stopped(result: dg.ExecuteInProcessResult, config_option: str) -> BaseException:
    """The end of a run that did not succeed, as what to raise. A defect carries Dagster's stack in a note."""
    ended = next(event for event in result.all_events if event.is_failure)
    error = (ended.step_failure_data if ended.is_step_failure else ended.job_failure_data).error
    root = error
    while root is not None and root.cause is not None:
        root = root.cause
    if root is not None and root.cls_name in _CTRL_C:
        return KeyboardInterrupt()
    subject = f"step {ended.step_key}" if ended.is_step_failure else f"run {result.run_id}"
    shown = f"run {result.run_id} in `delivery-ops up{config_option}`"
    told = ended.step_failure_data.user_failure_data if ended.is_step_failure else None
    if told is not None:
        said = {name: str(value.value) for name, value in told.metadata.items()}
        return Permanent(
            "the daily run",
            subject=subject,
            cause=f"{said['doing']}: {said['subject']}: {said['cause']}",
            remedy=f"{said['remedy']} Steps before it are done and stay: see {shown}.",
        )
    if root is not None and root.cls_name == "DagsterAssetCheckFailedError":
        return Permanent("the daily run", subject=subject, cause=root.message.strip(), remedy=f"See {shown}.")
    defect = RuntimeError(f"{subject}: {root.message.strip() if root else 'it ended without a reason'}")
    defect.add_note(error.to_string() if error else "")
    return defect
