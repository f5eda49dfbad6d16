"""The demo: a simulated agency's four weeks through the whole pipeline.

Belongs here: the order of the demo's steps. Does not belong here: any of the steps; the agency's files enter
through the same functions as anybody's, and the run is the same daily run.
"""

from __future__ import annotations

from datetime import UTC, datetime

from delivery_ops import progress
from delivery_ops.daily_run import DailyRun, run_daily
from delivery_ops.database import frozen_clock
from delivery_ops.errors import BadUsage
from delivery_ops.ledger.intake import append_ndjson
from delivery_ops.operation import open_operation
from delivery_ops.settings import Settings, option_of

NOW = datetime(2026, 3, 30, 12, tzinfo=UTC)
"""The demo's present: the day after its four weeks, 2026-03-02 to 2026-03-29."""


def run_demo(settings: Settings) -> DailyRun:
    """Freeze the operation's clock at ``NOW``, write the agency's files, append its events, and do the daily run.

    Raises:
        BadUsage: the operation is not simulated.
        DeliveryOpsError: as ``run_daily``.
    """
    if settings.simulated is None:
        raise BadUsage(
            "running the demo",
            subject=str(settings.config_dir),
            cause="its operation is real: it has no `simulated:` section",
            remedy="Run the demo with the config in data/demo; run yours with "
            f"`delivery-ops run{option_of(settings.config_dir)}`.",
        )
    from delivery_ops.simulator.files import write_files

    folder = settings.state_dir / "simulated"
    with open_operation(settings) as operation:
        frozen_clock.freeze(settings, operation.database, NOW)
        with progress.stage("Inventing the agency's four weeks"):
            write_files(settings.simulated.seed, folder)
        # What a file lists is registered first: an event about a deliverable that nobody registered is refused.
        with progress.stage("Registering its deliverables"):
            for source in settings.sources:
                if source.kind == "deliverables":
                    operation.load(source)
        with progress.stage("Appending its events"):
            append_ndjson(operation.ledger, folder / "events.ndjson", operation.registrar)
        operation.catch_up()
    return run_daily(settings)
