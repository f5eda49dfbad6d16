"""Reading a report out of the published marts.

Belongs here: the queries (``queries/*.sql``, one per record) and one transaction around them, so that a report is of
one published version. Does not belong here: joining or judging beyond what the marts hold.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import ProgrammingError

from delivery_ops.errors import Permanent
from delivery_ops.reports.data import Balance, ReportData, RunFacts
from delivery_ops.reports.marts import (
    ClientPerformance,
    CreditSplit,
    DeliverableCounts,
    DeliverableCredit,
    DeliverablePerformance,
    Finding,
    GateFailure,
    GateTally,
    Mismatch,
    Publication,
    Revenue,
    SearchDay,
    UnmetDeliverable,
)

_QUERIES = Path(__file__).parent / "queries"


def load(reader: Engine, run: RunFacts) -> ReportData:
    """Everything the marts say, beside what only the caller knows about ``run``; its balances are completed by those of
    the search rows, which are counted where they end.

    Args:
        reader: an engine that may read the schema ``analytics``.

    Raises:
        Permanent: no marts are published, or they are of another release.
    """
    try:
        with reader.connect() as connection:
            return _read(connection, run)
    except ProgrammingError as error:
        raise Permanent(
            "reading the published marts",
            subject="schema analytics",
            cause=str(error.orig).strip(),
            remedy=f"Publish them with this release first: delivery-ops run{run.config_option}",
        ) from error


def _read(connection: Connection, run: RunFacts) -> ReportData:
    rows = partial(_rows, connection)
    search_balances = tuple(_search_balance(row) for row in rows("search_balances"))
    return ReportData(
        run=replace(run, balances=(*run.balances, *search_balances)),
        publication=next((Publication(**row) for row in rows("publication")), None),
        deliverables=DeliverableCounts(**rows("deliverable_counts")[0]),
        clients=tuple(ClientPerformance(**row) for row in rows("clients")),
        performance=tuple(DeliverablePerformance(**row) for row in rows("performance")),
        gates=tuple(GateTally(**row) for row in rows("gate_tallies")),
        gate_failures=tuple(_gate_failure(row) for row in rows("gate_failures")),
        revenue=tuple(Revenue(**row) for row in rows("revenue")),
        top_deliverables=tuple(DeliverableCredit(**row) for row in rows("top_deliverables")),
        credit_splits=tuple(CreditSplit(**row) for row in rows("credit_splits")),
        mismatch=Mismatch(
            **rows("mismatch_judged")[0],
            deliverables=tuple(UnmetDeliverable(**row) for row in rows("mismatch_deliverables")),
        ),
        search=tuple(SearchDay(**row) for row in rows("search_days")),
    )


def _rows(connection: Connection, query: str) -> list[dict[str, Any]]:
    statement = sa.text((_QUERIES / f"{query}.sql").read_text(encoding="utf-8"))
    return [dict(row) for row in connection.execute(statement).mappings()]


def _search_balance(row: dict[str, Any]) -> Balance:
    outcomes = {name: row[name] for name in ("matched", "unmatched")}
    return Balance(kind="search", subject=row["property"], incoming=row["page_rows"], outcomes=outcomes)


def _gate_failure(row: dict[str, Any]) -> GateFailure:
    findings = tuple(Finding(**finding) for finding in row["findings"])
    return GateFailure(**(row | {"findings": findings}))
