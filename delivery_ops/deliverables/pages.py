"""Questions about pages: whose each was and is, and which are live now.

Belongs here: reading ``ops.deliverable_url`` for other rooms (the search export, the gates). Does not belong here:
changing it; only the fold does that.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from delivery_ops.deliverables.intervals import Interval
from delivery_ops.deliverables.tables import among, deliverable, deliverable_url


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedPage:
    """A page that is live: ``changed_at`` is when it last went live or was updated."""

    page_key: str
    url: str
    deliverable_id: str
    client_id: str
    published_at: datetime
    changed_at: datetime


def url_owners(connection: Connection, keys: Collection[str] | None = None) -> dict[str, list[Interval]]:
    """Who owned each page when, by page key, in order of time; of the pages ``keys``, or of all."""
    query = select(deliverable_url).order_by(deliverable_url.c.page_key, deliverable_url.c.valid_from)
    if keys is not None:
        query = query.where(among(deliverable_url.c.page_key, keys))
    pages: dict[str, list[Interval]] = {}
    for row in connection.execute(query).mappings():
        values = dict(row)
        pages.setdefault(values.pop("page_key"), []).append(Interval(**values))
    return pages


def published_pages(connection: Connection) -> list[PublishedPage]:
    """Every page that was published and not taken down since, in order of deliverable and page key."""
    page = deliverable_url.c
    columns = [
        page.page_key,
        page.url,
        page.deliverable_id,
        page.published_at,
        page.changed_at,
        deliverable.c.client_id,
    ]
    query = (
        select(*columns)
        .join_from(deliverable_url, deliverable, page.deliverable_id == deliverable.c.deliverable_id)
        .where(page.valid_to.is_(None), page.published_at.is_not(None))
        .order_by(page.deliverable_id, page.page_key)
    )
    return [PublishedPage(**row) for row in connection.execute(query).mappings()]
