"""The fold's tables, for statements: ``ops.deliverable``, ``page_claim``, ``deliverable_url``, ``stage_move``.

Belongs here: names of tables and columns. Does not belong here: types, keys and comments, which
``migrations/versions/0003_deliverables.sql`` and ``0011_page_claims.sql`` state once.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ARRAY, ColumnClause, ColumnElement, Text, any_, bindparam, column, table

deliverable = table(
    "deliverable",
    column("deliverable_id"),
    column("client_id"),
    column("deliverable_type"),
    column("tier"),
    column("first_source"),
    column("registered_at"),
    column("url"),
    column("page_key"),
    column("published_at"),
    column("stage"),
    column("stage_since"),
    column("stage_is_told"),
    column("waiting_stage"),
    column("holding_gates"),
    column("illegal_moves"),
    column("latest_news_at"),
    schema="ops",
)
page_claim = table(
    "page_claim",
    column("deliverable_id"),
    column("position"),
    column("event_type"),
    column("page_key"),
    column("url"),
    column("claimed_at"),
    schema="ops",
)
deliverable_url = table(
    "deliverable_url",
    column("page_key"),
    column("valid_from"),
    column("valid_to"),
    column("deliverable_id"),
    column("url"),
    column("published_at"),
    column("changed_at"),
    schema="ops",
)
stage_move = table(
    "stage_move",
    column("deliverable_id"),
    column("event_id"),
    column("position"),
    column("from_stage"),
    column("to_stage"),
    column("moved_at"),
    column("illegal"),
    column("applied"),
    schema="ops",
)


def among(text: ColumnClause[str], values: Collection[str]) -> ColumnElement[bool]:
    """``text`` is one of ``values``, sent as one array: a list of parameters ends at 65,535."""
    return text == any_(bindparam(None, sorted(values), ARRAY(Text)))
