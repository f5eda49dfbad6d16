"""The one resource: an open operation, handed to assets as the plain record they work with.

Belongs here: opening it once per run, for the date the run is for. Does not belong here: what it consists of
(``operation``). Beside this module's ``@dg.definitions`` function Dagster would load nothing else from here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import dagster as dg

from delivery_ops import settings
from delivery_ops.errors import BadUsage
from delivery_ops.operation import Operation, open_operation


class OperationResource(dg.ConfigurableResource):
    """Opens the operation of ``DELIVERY_OPS_CONFIG`` when a run starts, and closes it when it ends."""

    date: str | None = None
    """The date the run is for (YYYY-MM-DD in the operation's zone); default: today."""

    @contextmanager
    def yield_for_execution(
        self,
        context: dg.InitResourceContext,  # noqa: ARG002  Dagster's signature
    ) -> Iterator[Operation]:
        """Hand out the open operation itself, so that no asset sees a Dagster type in its place."""
        with open_operation(settings.load(), on=_date(self.date)) as operation:
            yield operation


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
    """The resources every asset may ask for; ``date`` can be set at launch."""
    return dg.Definitions(resources={"operation": OperationResource.configure_at_launch()})
