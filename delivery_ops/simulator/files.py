"""The agency's systems as files: an event feed and the exports of CRM, billing and time sheet.

Belongs here: the wire form of events, the columns of each export, and the rows in them that are broken. Equal
agencies give equal bytes. Does not belong here: the mapping of these columns to the product's fields; that is
configuration, as anybody's would be (``data/demo``).
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

from delivery_ops.simulator import planted
from delivery_ops.simulator.agency import build
from delivery_ops.simulator.business_time import BERLIN
from delivery_ops.simulator.records import Agency, Event

EVENTS = "events.ndjson"
_DECIMALS = {"EUR": 2, "GBP": 2, "JPY": 0}
# Broken and repeated rows stand after this many good ones: an export does not end where it is broken.
_GOOD_FIRST = 10

Row = Sequence[str | None]


def write_files(seed: int, folder: Path) -> None:
    """Write the feed and the exports of the agency of ``seed`` into ``folder``, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files_of(build(seed)).items():
        (folder / name).write_bytes(content)


def files_of(agency: Agency) -> dict[str, bytes]:
    """The bytes of every file, by name."""
    exports = {
        "deliverables.csv": (("id", "client", "kind", "page"), _deliverables(agency)),
        "touches.csv": (
            ("touch", "contact", "account", "deliverable", "channel", "activity", "milestone", "at"),
            _touches(agency),
        ),
        "deals.csv": (("deal", "contact", "account", "won_at", "currency", "takes_back"), _deals(agency)),
        "revenue.csv": (("line", "deal", "amount", "currency", "booked"), _revenue(agency)),
        "costs.csv": (("line", "deliverable", "hours", "amount", "day"), _costs(agency)),
    }
    feed = "".join(f"{json.dumps(wire(event), ensure_ascii=False)}\n" for event in agency.events)
    return {EVENTS: feed.encode()} | {name: _csv(name, header, rows) for name, (header, rows) in exports.items()}


def wire(event: Event) -> dict[str, Any]:
    """The event in the wire form of the contract; what it does not know is left out."""
    subject = {"deliverable_id": event.deliverable_id, "client_id": event.client_id}
    return {
        "event_type": event.event_type,
        "schema_version": 1,
        "source": event.source,
        "idempotency_key": event.idempotency_key,
        **{name: value for name, value in subject.items() if value},
        "actor": {"role": event.role, "id": event.actor},
        "timestamp": _utc(event.timestamp),
        "payload": dict(event.payload),
    }


def decimal(amount_minor: int, currency: str) -> str:
    """Minor units as billing systems print them: ``-150.01``, and ``125001`` for a currency without decimals."""
    digits = _DECIMALS[currency]
    whole, part = divmod(abs(amount_minor), 10**digits)
    sign = "-" if amount_minor < 0 else ""
    return f"{sign}{whole}.{part:0{digits}}" if digits else f"{sign}{whole}"


def _deliverables(agency: Agency) -> Iterable[Row]:
    for d in agency.deliverables:
        if d.in_file:
            yield d.deliverable_id, d.client_id, d.type, d.url if d.planned_url else None


def _touches(agency: Agency) -> Iterable[Row]:
    for t in agency.touches:
        at = _utc(t.touched_at)
        yield t.touch_id, t.contact_id, t.account_id, t.deliverable_id, t.channel, t.touch_type, t.milestone, at


def _deals(agency: Agency) -> Iterable[Row]:
    """The CRM prints Berlin's wall time without an offset."""
    for d in agency.deals:
        won = d.closed_at.astimezone(BERLIN).strftime("%Y-%m-%d %H:%M:%S")
        yield d.deal_key, d.contact_id, d.account_id, won, d.currency, d.refund_of


def _revenue(agency: Agency) -> Iterable[Row]:
    for r in agency.revenue:
        yield r.revenue_id, r.deal_key, decimal(r.amount_minor, r.currency), r.currency, r.booked_on.isoformat()


def _costs(agency: Agency) -> Iterable[Row]:
    for c in agency.costs:
        hours = None if c.minutes is None else f"{c.minutes / 60:.2f}"  # quarters of an hour: exact
        yield c.cost_id, c.deliverable_id, hours, decimal(c.amount_minor, c.currency), c.worked_on.isoformat()


def _csv(name: str, header: Sequence[str], rows: Iterable[Row]) -> bytes:
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    lines = text.getvalue().splitlines(keepends=True)
    odd = [f"{line}\n" for line in planted.REJECTED_ROWS.get(name, ())]
    if name == planted.REPEATS_ITS_FIRST_ROW:
        odd.append(lines[1])
    lines[_GOOD_FIRST + 1 : _GOOD_FIRST + 1] = odd
    return "".join(lines).encode()


def _utc(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")
