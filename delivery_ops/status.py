"""How an operation stands: what runs, how the last daily run ended, and where its report lies.

Belongs here: looking. Does not belong here: starting or ending anything; a PostgreSQL that is down stays down, and the
last run, which is told by Dagster's record in it, is not known then.
"""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import make_url

from delivery_ops import up_record
from delivery_ops.database import server
from delivery_ops.database.opening import open_database
from delivery_ops.database.roles import Role
from delivery_ops.errors import DeliveryOpsError
from delivery_ops.settings import Settings, option_of

if TYPE_CHECKING:
    import dagster as dg


@dataclass(frozen=True, kw_only=True, slots=True)
class LastRun:
    """The newest daily run: Dagster's word for its state, and whether all was done and every check of it held."""

    run_id: str
    state: str
    clean: bool
    ended_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """``postgresql`` is where it runs, or why not; ``up`` is where the webserver answers, "" until it does."""

    operation: str
    config_dir: Path
    postgresql: str
    up: str | None
    last_run: LastRun | None
    report: Path | None

    def as_record(self) -> dict[str, Any]:
        """As plain values, for ``--json``."""
        return asdict(self)

    def _dagster(self) -> str:
        if self.up is None:
            return f"not running: delivery-ops up{option_of(self.config_dir)} starts it"
        return self.up or "starting"

    def lines(self) -> list[tuple[str, str]]:
        """For people: what, and what is to be said of it."""
        return [
            ("operation", f"{self.operation}, configured in {self.config_dir}"),
            ("PostgreSQL", self.postgresql),
            ("Dagster", self._dagster()),
            ("last run", _told(self.last_run)),
            ("report", str(self.report or f"none yet: delivery-ops run{option_of(self.config_dir)} makes it")),
        ]


def status_of(settings: Settings) -> Status:
    """Look at the operation of ``settings``."""
    postgresql, last_run = _postgresql(settings)
    report = settings.state_dir / "report.html"
    return Status(
        operation=settings.operation,
        config_dir=settings.config_dir,
        postgresql=postgresql,
        up=up_record.address(settings),
        last_run=last_run,
        report=report if report.exists() else None,
    )


def _postgresql(settings: Settings) -> tuple[str, LastRun | None]:
    try:
        if not settings.database_url and not server.running(settings.state_dir):
            return "not running", None
        with closing(open_database(settings)) as database:
            url = make_url(database.url(Role.reader))
            from delivery_ops import dagster_home

            os.environ.update(dagster_home.prepare(settings, database))
            return f"running at {url.host}:{url.port or 5432}", _last_run(settings)
    except DeliveryOpsError as error:
        return f"cannot be used: {error.cause}", None


def _last_run(settings: Settings) -> LastRun | None:
    import dagster as dg  # three seconds, and an operation that is down needs none of it

    from delivery_ops.daily_run import JOB, failed_checks

    with dg.DagsterInstance.get() as instance:
        record = next(iter(instance.get_run_records(dg.RunsFilter(job_name=JOB), limit=1)), None)
        if record is None:
            return None
        run = record.dagster_run
        checks = _events(instance, run.run_id, dg.DagsterEventType.ASSET_CHECK_EVALUATION)
        made = _events(instance, run.run_id, dg.DagsterEventType.ASSET_MATERIALIZATION)
    return LastRun(
        run_id=run.run_id,
        state=run.status.value.lower(),
        clean=run.is_success
        and not failed_checks(event.asset_check_evaluation_data for event in checks)
        and not any(map(_tells_failures, made)),
        ended_at=datetime.fromtimestamp(record.end_time, settings.tzinfo) if record.end_time else None,
    )


def _events(instance: dg.DagsterInstance, run_id: str, kind: dg.DagsterEventType) -> list[dg.DagsterEvent]:
    records = instance.get_records_for_run(run_id, of_type=kind).records
    return [event for record in records if (event := record.event_log_entry.dagster_event)]


def _tells_failures(materialized: dg.DagsterEvent) -> bool:
    """Whether it is the report, and tells that something could not be done."""
    found = materialized.step_materialization_data.materialization
    return found.asset_key.path == ["report"] and bool(found.metadata["failures"].value)


def _told(last: LastRun | None) -> str:
    if last is None:
        return "none known"
    ended = f", {last.ended_at:%d %b %Y, %H:%M %Z}" if last.ended_at else ""
    said = {True: "clean", False: "something could not be done or a check failed: see the report"}[last.clean]
    return f"{last.run_id[:8]}{ended}: {said if last.state == 'success' else last.state}"
