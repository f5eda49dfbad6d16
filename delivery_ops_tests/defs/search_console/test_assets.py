"""At stake: rows of a property that left the configuration stop counting, and nobody is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import dagster as dg

from delivery_ops.database.roles import Role
from delivery_ops.defs.outcomes import Outcome
from delivery_ops.operation import open_operation
from delivery_ops.search_console import export_log
from delivery_ops.search_console.export_log import DayResult
from delivery_ops.settings import Settings

TAKEN = DayResult(
    property_name="sc-domain:acme.example",
    day=date(2026, 3, 2),
    status="complete",
    exported_at=datetime(2026, 3, 6, tzinfo=UTC),
    rows=0,
    matched=0,
    unmatched=0,
    clicks=0,
    impressions=3,
    digest="0" * 64,
)


def test_a_property_that_left_is_told_once_and_apart_from_what_was_never_there(
    settings_factory: Callable[..., Settings], empty_database_url: str, loaded: dg.Definitions
) -> None:
    from delivery_ops.defs.search_console.assets import coverage

    def told() -> Outcome:
        run = dg.materialize([coverage], resources={"operation": operation})
        return Outcome.of(run.asset_materializations_for_node("raw_search_console__coverage"))

    with open_operation(settings_factory(database_url=empty_database_url)) as operation:
        with operation.database.engine(Role.writer).begin() as connection:
            export_log.record(connection, [TAKEN])
        first, second = told(), told()
    never = ("Search Console: no property is configured",)
    gone = "Search Console: sc-domain:acme.example: it is no longer configured; its rows are kept and count no more"
    assert (first.skipped, first.retired, first.changed) == (never, (gone,), True)
    assert (second.skipped, second.retired, second.changed) == (never, (), False)
