"""The daily run as a job, and its clock.

Belongs here: which assets the daily run consists of, and when it starts. Does not belong here: the assets. The
partitioned export is not in it: the coverage exports exactly the days that are due and marks their partitions.
"""

import dagster as dg

from delivery_ops import settings

DAILY = dg.define_asset_job(
    "daily",
    selection=dg.AssetSelection.all() - dg.AssetSelection.assets("raw_search_console__performance"),
    description="Load, export, judge, transform, publish, report: everything as of one date.",
)
EXPORT = dg.define_asset_job(
    "search_console_export",
    selection=dg.AssetSelection.assets("raw_search_console__performance"),
    description="Chosen days of chosen Search Console properties; a range is one run.",
)


def _morning() -> dg.ScheduleDefinition:
    """06:10 in the operation's zone: Search Console's fresh day is there, people are not yet."""
    configured = settings.load()
    # A simulated operation's clock stands still: a run every morning would do nothing.
    status = dg.DefaultScheduleStatus.STOPPED if configured.simulated else dg.DefaultScheduleStatus.RUNNING

    @dg.schedule(
        name="every_morning",
        job=DAILY,
        cron_schedule="10 6 * * *",
        execution_timezone=configured.zone,
        default_status=status,
        description="The daily run as of the day that begins.",
    )
    def every_morning(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        day = context.scheduled_execution_time.astimezone(configured.tzinfo).date()
        return dg.RunRequest(run_key=str(day), run_config={"resources": {"operation": {"config": {"date": str(day)}}}})

    return every_morning


EVERY_MORNING = _morning()
