"""One property's Pacific day, from the API into the lake, the ledger and the export log.

Belongs here: the order in which a day becomes visible, and what is announced about it, or about a property that left
the configuration. Does not belong here: which days to export (``due``), and whether a day is complete, which the caller
has found out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from delivery_ops import clock
from delivery_ops.contracts.envelope import EventDraft, canonical_json
from delivery_ops.database.database import Database
from delivery_ops.database.roles import Role
from delivery_ops.deliverables.pages import url_owners
from delivery_ops.errors import DeliveryOpsError, Permanent
from delivery_ops.lake.lake import Lake
from delivery_ops.ledger.admission import SEARCH_CONSOLE_SOURCE
from delivery_ops.ledger.ledger import Ledger
from delivery_ops.search_console import export_log
from delivery_ops.search_console.client import Dimension, SearchConsoleClient
from delivery_ops.search_console.export_log import DayResult, LoggedDay
from delivery_ops.search_console.matching import Match, Owners, match
from delivery_ops.search_console.paging import Row
from delivery_ops.search_console.rows import PAGES, QUERIES, TOTALS, SearchDay, search_day
from delivery_ops.search_console.windows import DaySpan, pacific_day, utc_interval
from delivery_ops.settings import SearchProperty

_DETAIL_LIMIT = 2000
GONE = "it is no longer configured; its rows are kept and count no more"


@dataclass(frozen=True, kw_only=True)
class Exporter:
    """Exports days of one operation. The fold of page owners is read as it stands: catch it up before."""

    client: SearchConsoleClient
    lake: Lake
    ledger: Ledger
    database: Database

    def export_day(self, property_: SearchProperty, day: date) -> DayResult:
        """Export a day known to be complete. Doing it again changes nothing unless Google's numbers changed.

        Raises:
            DeliveryOpsError: the day could not be fetched; nothing of it was written.
        """
        now = clock.now()  # before asking: numbers that came while the day became final may not be the final ones
        found = fetch_day(self.client, property_.property, day)
        matched = match(found.pages, self._owners(found), utc_interval(day))
        # Nothing here is one transaction, so the order is the proof. The log row, which alone ends the day's being
        # due, comes last: a process that dies before it leaves the day due, and the next run fetches it anew. What
        # was already done is then done again without effect: equal rows leave the lake's files as they are, and the
        # events' keys hold the content's digest, so the ledger calls them duplicates. Content that changed
        # meanwhile replaces the files and is announced as itself. In the lake the totals come last, so that a day
        # whose totals stand is whole.
        with self.lake.together():
            for dataset, table in found.tables():
                self.lake.write(dataset, f"{found.property_name}/{day}", table)
        self._append(_announcements(property_, found, matched, now))
        result = _result(found, matched, now)
        self._log([result])
        return result

    def record_incomplete(self, property_: str, span: DaySpan) -> list[DayResult]:
        """Log the days of ``span`` as not completed by Google, once; they stay due."""
        results = [_without_rows(property_, day, "incomplete") for day in span]
        known = {day for day, logged in self.logged(property_, span).items() if logged.status == "incomplete"}
        self._log([result for result in results if result.day not in known])
        return results

    def record_failure(
        self, property_: SearchProperty, days: Sequence[date], error: DeliveryOpsError
    ) -> list[DayResult]:
        """Log days that an error kept out, and announce, once a day, the load that did not happen; they stay due."""
        now = clock.now()
        results = [_without_rows(property_.property, day, "failed", error) for day in days]
        payload = _loaded(
            property_.property,
            rows=0,
            digest=None,
            error_class=type(error).__name__,
            detail=str(error)[:_DETAIL_LIMIT],
        )
        key = f"failed:{pacific_day(now)}:{_digest([payload, [str(day) for day in days]])}"
        self._append([_draft("source.loaded", property_.property, property_.client, key, payload, now)])
        self._log(results)
        return results

    def retire(self, configured: Collection[str]) -> list[str]:
        """Announce each property that has rows here and is not ``configured`` any more, as a load of no rows; returns
        their names. A second call finds none, unless it was exported again meanwhile.

        The rows stay in the lake: Google keeps 16 months and could not give back what is older. The warehouse reads
        those of configured properties alone.
        """
        with self.database.engine(Role.writer).connect() as connection:
            taken = export_log.last_taken(connection)
        now = clock.now()
        retired = []
        for name, at in taken.items():
            if name not in configured:
                payload = _loaded(name, rows=0, digest=None, error_class=None, detail=GONE)
                if self._append([_draft("source.loaded", name, None, f"gone:{at.isoformat()}", payload, now)]):
                    retired.append(name)
        return retired

    def logged(self, property_: str, span: DaySpan) -> dict[date, LoggedDay]:
        """What the export log knows of the days of ``span``."""
        with self.database.engine(Role.writer).connect() as connection:
            return export_log.read(connection, property_, span)

    def _owners(self, found: SearchDay) -> Owners:
        keys = {page["page_key"] for page in found.pages if page["page_key"] is not None}
        with self.database.engine(Role.reader).connect() as connection:
            return url_owners(connection, keys)

    def _append(self, drafts: Sequence[EventDraft]) -> bool:
        """True if any of ``drafts`` is news."""
        results = self.ledger.append(drafts)
        for draft, result in zip(drafts, results, strict=True):
            if result.outcome not in {"kept", "duplicate"}:
                raise Permanent(
                    "announcing a search export",
                    subject=f"{draft.event_type} {draft.idempotency_key}",
                    cause=f"the ledger answered {result.outcome}: {result.reason}",
                    remedy="The day stays due; report this with the rejection that the ledger stored.",
                )
        return any(result.outcome == "kept" for result in results)

    def _log(self, results: Sequence[DayResult]) -> None:
        with self.database.engine(Role.writer).begin() as connection:
            export_log.record(connection, results)


def fetch_day(client: SearchConsoleClient, property_: str, day: date) -> SearchDay:
    """The rows of a complete day, from three queries.

    Raises:
        DeliveryOpsError: one of ``failures``' errors.
    """

    def rows(dimensions: tuple[Dimension, ...]) -> Iterator[Row]:
        return (row for page in client.pages(property_, day, dimensions) for row in page)

    return search_day(property_, day, totals=rows(TOTALS), pages=rows(PAGES), queries=rows(QUERIES))


def _announcements(property_: SearchProperty, found: SearchDay, matched: Match, now: datetime) -> list[EventDraft]:
    processed = {
        "property": found.property_name,
        "date": str(found.day),
        "rows": len(found.pages),
        "matched": matched.matched,
        "unmatched": matched.unmatched,
        "clicks": found.totals["clicks"],
        "impressions": found.totals["impressions"],
        "deliverable_ids": list(matched.deliverable_ids),
    }
    loaded = _loaded(
        found.property_name,
        rows=found.rows_read,
        digest=found.digest,
        error_class=None,
        detail=f"Pacific day {found.day}",
    )
    name, client = property_.property, property_.client
    # The same rows can be announced with other owners, once a page was registered meanwhile: that is a new event.
    key = f"{found.day}:{_digest([found.digest, processed])}"
    return [
        _draft("source.loaded", name, client, f"{found.day}:{found.digest}", loaded, now),
        _draft("search_export.processed", name, client, key, processed, now),
    ]


def _loaded(property_: str, *, rows: int, digest: str | None, error_class: str | None, detail: str) -> dict[str, Any]:
    return {
        "source": property_,
        "kind": "search_export",
        "rows": rows,
        "kept": rows,
        "duplicate": 0,
        "rejected": 0,
        "digest": digest,
        "error_class": error_class,
        "detail": detail,
    }


def _draft(
    event_type: str, property_: str, client: str | None, key: str, payload: dict[str, Any], now: datetime
) -> EventDraft:
    return EventDraft(
        event_type=event_type,
        source=SEARCH_CONSOLE_SOURCE,
        idempotency_key=f"{event_type}:{property_}:{key}",
        timestamp=now,
        actor_role="system",
        client_id=client,
        payload=payload,
    )


def _result(found: SearchDay, matched: Match, now: datetime) -> DayResult:
    return DayResult(
        property_name=found.property_name,
        day=found.day,
        status="zero" if found.is_zero else "complete",
        exported_at=now,
        rows=len(found.pages),
        matched=matched.matched,
        unmatched=matched.unmatched,
        clicks=found.totals["clicks"],
        impressions=found.totals["impressions"],
        digest=found.digest,
    )


def _without_rows(
    property_: str, day: date, status: Literal["incomplete", "failed"], error: DeliveryOpsError | None = None
) -> DayResult:
    return DayResult(
        property_name=property_,
        day=day,
        status=status,
        exported_at=clock.now(),
        error_class=type(error).__name__ if error else None,
        error=str(error) if error else None,
    )


def _digest(value: object) -> str:
    return hashlib.sha256(canonical_json(value)).hexdigest()
