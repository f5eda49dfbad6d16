"""The agency's event feed: every lifecycle, what concerns several deliverables at once, and what is wrong with it.

Belongs here: the order of the feed and the oddities planted in it. Does not belong here: the lifecycle of one
deliverable (``lifecycle``) and the wire form (``files``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from delivery_ops.simulator import planted
from delivery_ops.simulator.business_time import local
from delivery_ops.simulator.catalogue import CLIENTS
from delivery_ops.simulator.lifecycle import TOLD_BY, lifecycle
from delivery_ops.simulator.records import Client, Deliverable, Event


def events(seed: int, made: Sequence[Deliverable]) -> tuple[Event, ...]:
    """Every event as it arrives: in order of its time; the planted ones come last."""
    told = [event for deliverable in made for event in lifecycle(seed, deliverable)]
    told += [event for client in CLIENTS for event in _of_several(client, made)]
    told.sort(key=lambda event: (event.timestamp, event.source, event.idempotency_key))
    return (*told, *_oddities(told))


def _of_several(client: Client, made: Sequence[Deliverable]) -> Iterator[Event]:
    """The sitemap, on every Monday after a week with publications, and the bill at the end of each month."""
    published = [(d.published_at, d.deliverable_id) for d in made if d.client_id == client.client_id and d.published_at]

    def event(event_type: str, at: datetime, since: datetime, **payload: Any) -> Event:
        source, role = TOLD_BY[event_type.partition(".")[0]]
        return Event(
            event_type=event_type,
            source=source,
            idempotency_key=f"{client.client_id}/{event_type}/{at.date()}",
            timestamp=at,
            role=role,
            actor="u-01",
            deliverable_id=None,
            client_id=client.client_id,
            payload={**payload, "deliverable_ids": [name for on, name in sorted(published) if since <= on < at]},
        )

    for week in range(10):
        at = local(date(2026, 1, 19) + timedelta(weeks=week), time(7))
        sitemap = event("sitemap.submitted", at, at - timedelta(weeks=1), sitemap_url=f"{client.site}sitemap.xml")
        if sitemap.payload["deliverable_ids"]:
            yield sitemap
    for month, issued in ((1, date(2026, 1, 30)), (2, date(2026, 2, 27))):
        yield event(
            "invoice.generated",
            local(issued, time(17)),
            local(date(2026, month, 1), time(0)),
            invoice_id=f"2026-{month:02}-{client.client_id}",
            amount_minor=480_000 + 7_350 * month,
            currency="EUR",
        )


def _oddities(told: Sequence[Event]) -> Iterator[Event]:
    """What arrives and must not count; the illegal move and the revision sit inside their lifecycles."""

    def of(deliverable_id: str, event_type: str) -> Event:
        return next(e for e in told if e.deliverable_id == deliverable_id and e.event_type == event_type)

    yield of(planted.REDELIVERED, "asset.approved")

    published = of(planted.REWRITTEN, "page.published")
    yield replace(published, payload={"url": f"{published.payload['url']}draft/"})

    key = f"{planted.CONTRACT_BREAKER}/page.published/1"
    approved = of(planted.CONTRACT_BREAKER, "asset.approved")
    yield replace(approved, event_type="page.published", source="cms", role="publisher", idempotency_key=key)

    key = f"{planted.MISNAMED}/{planted.UNKNOWN_EVENT_TYPE}/1"
    approved = of(planted.MISNAMED, "asset.approved")
    yield replace(approved, event_type=planted.UNKNOWN_EVENT_TYPE, idempotency_key=key)

    key = f"{planted.STRANGER}/intake.received/1"
    intake = of(planted.REWRITTEN, "intake.received")
    yield replace(intake, deliverable_id=planted.STRANGER, client_id=None, idempotency_key=key)
