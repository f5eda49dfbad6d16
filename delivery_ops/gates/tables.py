"""The fold's tables, for statements: ``ops.gate_result`` and ``ops.hold``.

Belongs here: names of tables and columns. Does not belong here: types, keys and comments, which
``migrations/versions/0006_gates.sql`` states once.
"""

from __future__ import annotations

from sqlalchemy import column, table
from sqlalchemy.dialects.postgresql import JSONB

gate_result = table(
    "gate_result",
    column("event_id"),
    column("position"),
    column("deliverable_id"),
    column("gate"),
    column("url"),
    column("page_key"),
    column("outcome"),
    column("mode"),
    column("verdict"),
    column("cause"),
    column("rules_version"),
    column("evaluated_at"),
    column("finding_codes"),
    column("findings", JSONB),
    column("synthetic"),
    schema="ops",
)
hold = table(
    "hold",
    column("deliverable_id"),
    column("gate"),
    column("held_at"),
    column("position"),
    schema="ops",
)
