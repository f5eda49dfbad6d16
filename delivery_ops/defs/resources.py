"""The one resource: an open operation, handed to assets as the plain record they work with.

Belongs here: opening it once per run, for the date the run is for, and the process that all steps of a run share for
it. Does not belong here: what it consists of (``operation``). Beside this module's ``@dg.definitions`` function Dagster
would load nothing else from here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import dagster as dg

from delivery_ops import killed_runs, settings
from delivery_ops.errors import BadUsage
from delivery_ops.operation import Operation, open_operation


class OperationResource(dg.ConfigurableResource):
    """Opens the operation of ``DELIVERY_OPS_CONFIG`` when a run starts, and closes it when it ends."""

    date: str | None = None
    """The date the run is for (YYYY-MM-DD in the operation's zone); default: today."""

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Operation]:
        """Hand out the open operation itself, so that no asset sees a Dagster type in its place."""
        on = _date(self.date)
        with open_operation(settings.load(), on=on) as operation, _in_this_process(context):
            yield operation


@contextmanager
def _in_this_process(context: dg.InitResourceContext) -> Iterator[None]:
    """Let the run be known by this process, which executes all of it, and be held up by no killed one."""
    if context.instance is None or context.run is None:  # not in a run
        yield
        return
    context.instance.add_run_tags(context.run.run_id, killed_runs.process_tag())
    with killed_runs.cleared_up(context.instance):
        yield


def _date(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadUsage(
            "starting a run",
            subject="resources.operation.config.date",
            cause=f"{text!r} is no date",
            remedy="Use YYYY-MM-DD.",
        ) from error


@dg.definitions
def resources() -> dg.Definitions:
    """The resources every asset may ask for; ``date`` can be set at launch.

    Whatever is launched runs in one process: its steps share the open operation, and a process per step costs three
    seconds each.
    """
    return dg.Definitions(
        resources={"operation": OperationResource.configure_at_launch()}, executor=dg.in_process_executor
    )
