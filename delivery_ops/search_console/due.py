"""Exporting what is due: every property's turn, and what came of it.

Belongs here: planning a turn (one completeness probe, then the days of the window that are missing or stale) and
carrying it out, so that one property's failure is recorded and stops no other. Does not belong here: exporting a
day (``export``), and the arithmetic of days (``windows``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from delivery_ops import clock
from delivery_ops.errors import BadUsage, DeliveryOpsError
from delivery_ops.progress import Tell
from delivery_ops.search_console.export import Exporter
from delivery_ops.search_console.export_log import DayResult, Status
from delivery_ops.search_console.failures import CONCERNS_WHOLE_PROPERTY
from delivery_ops.search_console.windows import DaySpan, available, due_days, trailing
from delivery_ops.settings import SearchConsole, SearchProperty, Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class PropertySummary:
    """What a run did for one property.

    ``results`` has the days tried and those found incomplete, oldest first. Of a range asked for, ``there_already``
    counts the days that were neither missing nor stale, and ``refused`` are those that cannot be had: not wanted, no
    longer kept by Google, or not ended.
    """

    property_name: str
    results: tuple[DayResult, ...] = ()
    there_already: int = 0
    refused: tuple[DaySpan, ...] = ()
    error: DeliveryOpsError | None = None

    @property
    def exported(self) -> list[date]:
        """Days written with rows."""
        return self._days("complete")

    @property
    def zero(self) -> list[date]:
        """Days written as known to be without any search."""
        return self._days("zero")

    @property
    def incomplete(self) -> list[date]:
        """Days that Google has not completed; they stay due."""
        return self._days("incomplete")

    @property
    def missing(self) -> list[date]:
        """Days that were due and could not be exported; they stay due."""
        return self._days("failed")

    def _days(self, status: Status) -> list[date]:
        return [result.day for result in self.results if result.status == status]


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportSummary:
    """What a run did, property by property in the order of the configuration."""

    properties: tuple[PropertySummary, ...]

    @property
    def failed(self) -> list[PropertySummary]:
        """The properties of which something could not be exported."""
        return [summary for summary in self.properties if summary.error]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Plan:
    property: SearchProperty
    due: Sequence[date]
    incomplete: DaySpan
    error: DeliveryOpsError | None = None


def export_due(
    exporter: Exporter, search_console: SearchConsole, *, as_of: datetime, progress: Tell | None = None
) -> ExportSummary:
    """Export what is due in each property's trailing window as of an instant (the end of a run's date).

    The window is the last ``trailing_days`` days up to the newest complete one; due are its missing and stale days.
    """
    wanted = available(search_console.start, as_of=as_of, now=clock.now())
    plans = [_plan(exporter, one, wanted, search_console.trailing_days) for one in search_console.properties]
    return ExportSummary(properties=_carry_out(exporter, plans, progress))


def export_range(
    exporter: Exporter,
    search_console: SearchConsole,
    property_: str,
    span: DaySpan,
    *,
    progress: Tell | None = None,
) -> PropertySummary:
    """Export the days of ``span`` of one property, as far as they are missing or stale: a second call resumes.

    Raises:
        BadUsage: the property is not configured, or the span has no day.
    """
    if not len(span):
        raise BadUsage(
            "exporting a range of days",
            subject=f"{span.start} to {span.last}",
            cause="the last day is before the first",
            remedy="Give the earlier day first.",
        )
    now = clock.now()
    wanted = available(search_console.start, as_of=now, now=now).within(span)
    plan = _plan(exporter, configured(search_console, property_), wanted, len(span))
    [summary] = _carry_out(exporter, [plan], progress)
    return replace(summary, there_already=len(wanted) - len(summary.results), refused=span.without(wanted))


def configuration(settings: Settings) -> SearchConsole:
    """The operation's section ``search_console``.

    Raises:
        BadUsage: it has none.
    """
    if settings.search_console is None:
        raise BadUsage(
            "exporting search performance",
            subject=str(settings.config_dir),
            cause="it configures no search_console",
            remedy="Add the section; `delivery-ops init` shows one.",
        )
    return settings.search_console


def configured(search_console: SearchConsole, property_: str) -> SearchProperty:
    """The configured property of this name.

    Raises:
        BadUsage: there is none.
    """
    for one in search_console.properties:
        if one.property == property_:
            return one
    raise BadUsage(
        "looking up a Search Console property",
        subject=property_,
        cause="it is not configured",
        remedy=f"Configured are: {', '.join(one.property for one in search_console.properties) or 'none'}.",
    )


def _plan(exporter: Exporter, property_: SearchProperty, wanted: DaySpan, days: int) -> _Plan:
    """Probe the last ``days`` days of ``wanted``; due are the missing and stale ones of the last ``days`` complete."""
    probed = trailing(wanted, days)
    window, error = probed, None
    incomplete = DaySpan(start=probed.end, end=probed.end)
    if len(probed):
        try:
            complete = exporter.client.completeness(property_.property, probed).complete
        except DeliveryOpsError as caught:
            error = caught
        else:
            # Completeness is a watermark: if any probed day is complete, so is every day before them.
            window = trailing(DaySpan(start=wanted.start, end=complete.end), days) if len(complete) else complete
            incomplete = probed.within(DaySpan(start=complete.end, end=probed.end))
    logged = exporter.logged(property_.property, window)
    taken = {day: known.exported_at for day, known in logged.items() if known.exported_at}
    due = due_days(window, taken, clock.now())
    return _Plan(property=property_, due=due, incomplete=incomplete, error=error)


def _carry_out(exporter: Exporter, plans: Sequence[_Plan], progress: Tell | None) -> tuple[PropertySummary, ...]:
    total = sum(len(plan.due) for plan in plans)
    done = 0

    def settled(days: int) -> None:
        nonlocal done
        done += days
        if progress:
            progress(done, total)

    return tuple(_turn(exporter, plan, settled) for plan in plans)


def _turn(exporter: Exporter, plan: _Plan, settled: Callable[[int], None]) -> PropertySummary:
    """Export a property's due days, oldest first. An error that every day would meet ends the turn."""
    results: list[DayResult] = []
    errors = [plan.error] if plan.error else []
    if plan.error:
        results += exporter.record_failure(plan.property, plan.due, plan.error)
        settled(len(plan.due))
    for at, day in enumerate(() if plan.error else plan.due):
        try:
            results.append(exporter.export_day(plan.property, day))
            settled(1)
        except DeliveryOpsError as error:
            errors.append(error)
            lost = plan.due[at:] if isinstance(error, CONCERNS_WHOLE_PROPERTY) else [day]
            results += exporter.record_failure(plan.property, lost, error)
            settled(len(lost))
            if isinstance(error, CONCERNS_WHOLE_PROPERTY):
                break
    results += exporter.record_incomplete(plan.property.property, plan.incomplete)
    return PropertySummary(
        property_name=plan.property.property, results=tuple(results), error=errors[0] if errors else None
    )
