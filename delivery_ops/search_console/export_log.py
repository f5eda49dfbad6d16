"""The export log: one row for each attempt at a property's Pacific day, whatever came of it.

It says which days are there and since when, why the others are not, and what a day was before (its earlier
epochs). Belongs here: the table ``ops.search_export``, written and read. Does not belong here: deciding from it which
days are due (``windows``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Literal

import sqlalchemy as sa
from sqlalchemy import Connection

from delivery_ops.search_console.windows import DaySpan

Status = Literal["complete", "zero", "incomplete", "failed"]
_TAKEN = ("complete", "zero")

_LOG = sa.table(
    "search_export",
    *(
        sa.column(name)
        for name in (
            "property",
            "date",
            "epoch",
            "status",
            "rows",
            "matched",
            "unmatched",
            "clicks",
            "impressions",
            "digest",
            "exported_at",
            "error_class",
            "error",
        )
    ),
    schema="ops",
)
# Two runs may try one day at once; in turn, each finds the other's epoch.
_TAKE_TURN = sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended("ops.search_export", 0)))


@dataclass(frozen=True, kw_only=True, slots=True)
class DayResult:
    """What came of one attempt. Counts and digest stand with ``complete`` and ``zero``, an error with ``failed``.

    ``rows`` = ``matched`` + ``unmatched`` are page rows; ``clicks`` and ``impressions`` are the property's own totals.
    """

    property_name: str
    day: date
    status: Status
    exported_at: datetime
    rows: int | None = None
    matched: int | None = None
    unmatched: int | None = None
    clicks: int | None = None
    impressions: int | None = None
    digest: str | None = None
    error_class: str | None = None
    error: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LoggedDay:
    """A day's latest status, and when its rows were last taken (None: never)."""

    status: Status
    exported_at: datetime | None


def record(connection: Connection, results: Sequence[DayResult]) -> None:
    """Add a row for each attempt; a day's epochs are numbered from 1."""
    connection.execute(_TAKE_TURN)
    for result in results:
        earlier = sa.select(sa.func.coalesce(sa.func.max(_LOG.c.epoch), 0) + 1).where(
            _LOG.c.property == result.property_name, _LOG.c.date == result.day
        )
        values = asdict(result)
        values |= {"property": values.pop("property_name"), "date": values.pop("day")}
        connection.execute(sa.insert(_LOG).values(**values, epoch=earlier.scalar_subquery()))


def last_taken(connection: Connection) -> dict[str, datetime]:
    """The properties of which rows were ever taken, and when they were last."""
    newest = sa.select(_LOG.c.property, sa.func.max(_LOG.c.exported_at)).where(_LOG.c.status.in_(_TAKEN))
    rows = connection.execute(newest.group_by(_LOG.c.property).order_by(_LOG.c.property))
    return dict(rows.tuples().all())


def read(connection: Connection, property_: str, span: DaySpan) -> dict[date, LoggedDay]:
    """The days of ``span`` that were ever tried."""
    attempts = sa.select(_LOG.c.date, _LOG.c.status, _LOG.c.exported_at).where(
        _LOG.c.property == property_, _LOG.c.date >= span.start, _LOG.c.date < span.end
    )
    days: dict[date, LoggedDay] = {}
    for day, status, exported_at in connection.execute(attempts.order_by(_LOG.c.date, _LOG.c.epoch)):
        taken = exported_at if status in _TAKEN else None
        before = days[day].exported_at if day in days else None
        days[day] = LoggedDay(status=status, exported_at=taken or before)
    return days
