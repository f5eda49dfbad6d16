"""What the lake holds: one ``Dataset`` for each kind of row, with its exact columns.

Belongs here: names, grains and pyarrow schemas; the warehouse's sources are declared over exactly these. Does not
belong here: files and folders (``lake``), or who fills a dataset (the connectors, the Search Console export,
``export``). Money is integer minor units beside its ISO 4217 code; every instant is UTC in microseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

_TEXT = pa.string()
_WHOLE = pa.int64()
_INSTANT = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True, kw_only=True, slots=True)
class Dataset:
    """One kind of row: ``schema`` is that of each of its files; ``partitioned_by`` says what one file covers."""

    name: str
    partitioned_by: str
    schema: pa.Schema

    def table(self, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
        """``rows`` as a table of this dataset; a key that a row leaves out is null.

        Raises:
            pyarrow.ArrowInvalid, pyarrow.ArrowTypeError: a value does not fit its column.
        """
        return pa.Table.from_pylist(list(rows), schema=self.schema)


def _dataset(name: str, partitioned_by: str, **columns: pa.DataType) -> Dataset:
    return Dataset(name=name, partitioned_by=partitioned_by, schema=pa.schema(list(columns.items())))


TOUCHES = _dataset(
    "touches",
    "source",
    source=_TEXT,
    touch_id=_TEXT,
    contact_id=_TEXT,
    account_id=_TEXT,
    deliverable_id=_TEXT,
    channel=_TEXT,
    touch_type=_TEXT,
    milestone=_TEXT,
    touched_at=_INSTANT,
)
DEALS = _dataset(
    "deals",
    "source",
    source=_TEXT,
    deal_key=_TEXT,
    contact_id=_TEXT,
    account_id=_TEXT,
    closed_at=_INSTANT,
    currency=_TEXT,
    refund_of=_TEXT,
)
REVENUE = _dataset(
    "revenue",
    "source",
    source=_TEXT,
    revenue_id=_TEXT,
    deal_key=_TEXT,
    amount_minor=_WHOLE,
    currency=_TEXT,
    booked_at=_INSTANT,
)
COSTS = _dataset(
    "costs",
    "source",
    source=_TEXT,
    cost_id=_TEXT,
    deliverable_id=_TEXT,
    amount_minor=_WHOLE,
    currency=_TEXT,
    worked_minutes=_WHOLE,
    worked_at=_INSTANT,
)
SEARCH_TOTALS = _dataset(
    "search_totals",
    "property/date",
    property=_TEXT,
    date=pa.date32(),
    clicks=_WHOLE,
    impressions=_WHOLE,
    position=pa.float64(),
)
SEARCH_PAGES = _dataset(
    "search_pages",
    "property/date",
    property=_TEXT,
    date=pa.date32(),
    page=_TEXT,
    page_key=_TEXT,
    clicks=_WHOLE,
    impressions=_WHOLE,
    position=pa.float64(),
)
SEARCH_QUERIES = _dataset(
    "search_queries",
    "property/date",
    property=_TEXT,
    date=pa.date32(),
    query=_TEXT,
    page=_TEXT,
    page_key=_TEXT,
    clicks=_WHOLE,
    impressions=_WHOLE,
    position=pa.float64(),
)
EVENTS = _dataset(
    "events",
    "first-last position",
    position=_WHOLE,
    event_id=_TEXT,
    event_type=_TEXT,
    schema_version=pa.int32(),
    source=_TEXT,
    idempotency_key=_TEXT,
    stream=_TEXT,
    stream_version=_WHOLE,
    correlation_id=_TEXT,
    causation_id=_TEXT,
    deliverable_id=_TEXT,
    client_id=_TEXT,
    actor_role=_TEXT,
    actor_id=_TEXT,
    occurred_at=_INSTANT,
    recorded_at=_INSTANT,
    synthetic=pa.bool_(),
    payload=_TEXT,
    body_sha256=_TEXT,
)
DELIVERABLES = _dataset(
    "deliverables",
    "snapshot",
    deliverable_id=_TEXT,
    client_id=_TEXT,
    deliverable_type=_TEXT,
    tier=_TEXT,
    url=_TEXT,
    page_key=_TEXT,
    first_source=_TEXT,
    stage=_TEXT,
    stage_since=_INSTANT,
    published_at=_INSTANT,
    registered_at=_INSTANT,
    illegal_moves=_WHOLE,
    held=pa.bool_(),
)
DELIVERABLE_URLS = _dataset(
    "deliverable_urls",
    "snapshot",
    page_key=_TEXT,
    url=_TEXT,
    deliverable_id=_TEXT,
    valid_from=_INSTANT,
    valid_to=_INSTANT,
    published_at=_INSTANT,
)
STAGE_MOVES = _dataset(
    "stage_moves",
    "snapshot",
    deliverable_id=_TEXT,
    from_stage=_TEXT,
    to_stage=_TEXT,
    moved_at=_INSTANT,
    event_id=_TEXT,
    position=_WHOLE,
    illegal=pa.bool_(),
    applied=pa.bool_(),
)
GATE_RESULTS = _dataset(
    "gate_results",
    "snapshot",
    event_id=_TEXT,
    position=_WHOLE,
    deliverable_id=_TEXT,
    gate=_TEXT,
    url=_TEXT,
    page_key=_TEXT,
    outcome=_TEXT,
    mode=_TEXT,
    verdict=_TEXT,
    cause=_TEXT,
    rules_version=_TEXT,
    evaluated_at=_INSTANT,
    finding_codes=_TEXT,
    findings=_TEXT,
    synthetic=pa.bool_(),
    standing=pa.bool_(),
)

SNAPSHOT = "snapshot"
"""The one partition of a dataset that is a whole fold."""

ALL = (
    TOUCHES,
    DEALS,
    REVENUE,
    COSTS,
    SEARCH_TOTALS,
    SEARCH_PAGES,
    SEARCH_QUERIES,
    EVENTS,
    DELIVERABLES,
    DELIVERABLE_URLS,
    STAGE_MOVES,
    GATE_RESULTS,
)
