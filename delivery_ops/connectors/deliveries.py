"""Webhooks as they came in, kept aside: what each came to, and its bytes where they may be needed again.

Belongs here: the table of deliveries. Does not belong here: what a delivery comes to (``intake``). The same bytes that
come to the same end are counted, not stored again, so that a ping every minute fills no disk. Bytes that nobody signed
are kept in small numbers and for a week, so that those of a source whose secret was configured wrongly can be taken in
after all; beyond that only their digest stays.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection, func, select, text

from delivery_ops.connectors.delivery import Delivery, Headers
from delivery_ops.ledger.stored_form import uuid7

Outcome = Literal["accepted", "conflict", "quarantined", "rejected", "refused"]

UNSIGNED_BYTES = 256 << 10
UNSIGNED_PER_SOURCE = 1000
UNSIGNED_LIFE = timedelta(days=7)

_TURN = 0x686F_6F6B  # "hook" in ASCII: the advisory lock of counting what nobody signed
_SECRET = {"authorization", "proxy-authorization", "cookie"}
_KEEP, _FORGET, _COUNT = (
    text(Path(__file__).with_name(f"{name}.sql").read_text(encoding="utf-8"))
    for name in ("keep_delivery", "forget_unsigned", "count_unsigned")
)


def keep(
    connection: Connection,
    source: str,
    delivery: Delivery,
    outcome: Outcome,
    *,
    reason: str | None = None,
    event_ids: Sequence[UUID] = (),
) -> UUID:
    """Keep ``delivery`` to ``source``, which came to ``outcome``; its delivery_id, which the same bytes had before."""
    has_body = _may_keep_unsigned(connection, source, delivery) if outcome == "refused" else outcome != "conflict"
    found: UUID = connection.execute(
        _KEEP,
        {
            "delivery_id": uuid7(delivery.received_at),
            "source": source,
            "body_sha256": hashlib.sha256(delivery.body).digest(),
            "outcome": outcome,
            "reason": reason,
            "bytes": len(delivery.body),
            "headers": json.dumps(_without_secrets(delivery.headers)),
            "body": delivery.body if has_body else None,
            "event_ids": list(event_ids),
            "now": delivery.received_at,
        },
    ).scalar_one()
    return found


def forget_unsigned(connection: Connection, now: datetime) -> None:
    """Drop the bytes that nobody signed and that are older than a week."""
    connection.execute(_FORGET, {"since": now - UNSIGNED_LIFE})


def _may_keep_unsigned(connection: Connection, source: str, delivery: Delivery) -> bool:
    """Whether there is room for these bytes. Those who ask take turns, or all of them would find the last place."""
    if len(delivery.body) > UNSIGNED_BYTES:
        return False
    connection.execute(select(func.pg_advisory_xact_lock(_TURN)))
    forget_unsigned(connection, delivery.received_at)
    return int(connection.scalar(_COUNT, {"source": source}) or 0) < UNSIGNED_PER_SOURCE


def _without_secrets(headers: Headers) -> Headers:
    return [(name, value) for name, value in headers if name.lower() not in _SECRET]
