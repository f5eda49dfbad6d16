"""One poll of a WordPress: what changed since the last one, and once a day all there is.

Belongs here: comparing what WordPress lists with what was seen before. Does not belong here: requests (``client``),
what a change means (``pages``), when to poll, and keeping cursor and events (the job does both in one transaction).
The daily listing finds what is gone, and whatever a poll by modified times cannot see: a page written with a date of
long ago, one saved while the site's clock was wrong, one that slipped over the border of two pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain

from delivery_ops import clock
from delivery_ops.connectors.cursor import Cursor, Pulled
from delivery_ops.connectors.failures import AnswerMalformed, failure
from delivery_ops.connectors.pages import Seen, Site, changed, deleted
from delivery_ops.connectors.wordpress.client import DOING, RESOURCES, Object, WordPressClient
from delivery_ops.connectors.wordpress.objects import read
from delivery_ops.contracts.envelope import EventDraft
from delivery_ops.errors import Rejected

LISTING_EVERY = timedelta(days=1)


def pull(client: WordPressClient, site: Site, cursor: Cursor, *, listing_every: timedelta = LISTING_EVERY) -> Pulled:
    """What happened on ``site`` since ``cursor``, in the order of the modified times.

    Raises:
        DeliveryOpsError: one of ``failures``' errors; then nothing was found, and the cursor stands.
    """
    now = clock.now()
    site_now = client.site_time() or now
    is_listing = cursor.listed_at is None or now - cursor.listed_at >= listing_every
    since = None if is_listing else cursor.since(site_now=site_now, now=now)
    listed = chain.from_iterable(client.changed(resource, since, site.rule) for resource in RESOURCES)
    seen, refused = _sightings(chain(listed, client.these(_due(cursor, site_now), site.rule)), site)
    poll = _Poll(site, cursor, now)
    for one in seen:
        poll.take(one)
    if is_listing:
        poll.drop(_gone(client, cursor, seen))
    return Pulled(
        drafts=tuple(poll.drafts),
        refused=(*refused, *poll.refused),
        cursor=Cursor(
            newest=poll.newest, polled_at=now, listed_at=now if is_listing else cursor.listed_at, pages=poll.pages
        ),
    )


class _Poll:
    """The cursor's pages, brought up to date one by one, and what that told."""

    def __init__(self, site: Site, cursor: Cursor, now: datetime) -> None:
        self.pages = dict(cursor.pages)
        self.newest = cursor.newest
        self.drafts: list[EventDraft] = []
        self.refused: list[Rejected] = []
        self._site = site
        self._now = now

    def take(self, after: Seen) -> None:
        """Take a sighting in. One that cannot be used is remembered as nobody's page, so that it is told once."""
        self.newest = max(self.newest or after.modified_at, after.modified_at)
        before = self.pages.get(after.object_id)
        if before is not None and (before.modified_at, before.is_live) == (after.modified_at, after.is_live):
            return
        if before is not None and not after.url:
            after = replace(after, url=before.url, deliverable_id=before.deliverable_id)
        try:
            self.drafts += changed(self._site, before, after, seen_at=self._now)
        except Rejected as error:
            self.refused.append(error)
            self.pages[after.object_id] = replace(after, deliverable_id=None)
            return
        if after.is_tracked:
            self.pages[after.object_id] = after
        else:
            self.pages.pop(after.object_id, None)

    def drop(self, gone: Iterable[str]) -> None:
        """Take in that these are there no more. Of one that was not live, the end was told when it was taken down."""
        for object_id in gone:
            before = self.pages.pop(object_id)
            self.drafts += deleted(self._site, before, seen_at=self._now) if before.is_live else []


def _due(cursor: Cursor, site_now: datetime) -> list[str]:
    """The scheduled pages whose time has come: going live does not touch their modified time, so no list has them."""
    scheduled = [one for one in cursor.pages.values() if one.is_scheduled]
    return [one.object_id for one in scheduled if one.published_at is not None and one.published_at <= site_now]


def _sightings(rows: Iterable[Object], site: Site) -> tuple[list[Seen], list[Rejected]]:
    """The rows that can be read, in the order of their modified times, and why the others cannot: one page that a
    plugin spoilt stops no other. Where none can be read it is the answer that is spoilt."""
    seen: list[Seen] = []
    refused: list[Rejected] = []
    for row in rows:
        try:
            seen.append(read(row, site))
        except Rejected as error:
            refused.append(error)
    if refused and not seen:
        cause = f"{refused[0].subject}: {refused[0].cause}"
        raise failure(AnswerMalformed, DOING, subject=site.name, cause=cause) from refused[0]
    return sorted(seen, key=lambda one: one.modified_at), refused


def _gone(client: WordPressClient, cursor: Cursor, seen: Sequence[Seen]) -> Iterator[str]:
    """The known pages that are listed no more. Each is asked for on its own before it is believed: a list that lost a
    row would take a live page down, under a key that can never be used again."""
    listed = {one.object_id for one in seen}
    for object_id in cursor.pages:
        if object_id not in listed and not client.exists(object_id):
            yield object_id
