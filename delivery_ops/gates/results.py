"""Questions about what gates found: the latest evaluation of each page, and what is held.

Belongs here: reading ``ops.gate_result`` and ``ops.hold`` for the sweep and other rooms. Does not belong here: changing
them; only the fold does that. The latest is the one evaluated last, not the one recorded last. Synthetic
evaluations are nobody's latest.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from delivery_ops.gates.tables import gate_result, hold
from delivery_ops.gates.verdicts import Mode, Outcome, Verdict

_COLUMNS = [column for column in gate_result.c if column.name not in {"position", "synthetic", "finding_codes"}]


@dataclass(frozen=True, kw_only=True, slots=True)
class GateResult:
    """One evaluation; ``findings`` as the event has them: code, severity, message, where."""

    event_id: UUID
    deliverable_id: str
    gate: str
    url: str
    page_key: str
    outcome: Outcome
    mode: Mode
    verdict: Verdict
    cause: str
    rules_version: str
    evaluated_at: datetime
    findings: list[dict[str, Any]]

    @property
    def finding_codes(self) -> list[str]:
        """What was found, each once, in alphabetical order."""
        return sorted({finding["code"] for finding in self.findings})


def latest_by_page(connection: Connection) -> list[GateResult]:
    """The latest evaluation of each deliverable's page by each gate, in the order of deliverable, gate and page."""
    column = gate_result.c
    page_and_gate = (column.deliverable_id, column.gate, column.page_key)
    query = (
        select(*_COLUMNS)
        .distinct(*page_and_gate)
        .where(column.synthetic.is_(False))
        .order_by(*page_and_gate, column.evaluated_at.desc(), column.position.desc())
    )
    return [GateResult(**row) for row in connection.execute(query).mappings()]


def holds(connection: Connection) -> set[tuple[str, str]]:
    """(deliverable_id, gate) of everything that is held now."""
    return {(row.deliverable_id, row.gate) for row in connection.execute(select(hold.c.deliverable_id, hold.c.gate))}
