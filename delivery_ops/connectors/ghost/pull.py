"""One poll of a Ghost: what changed since the last one, and once a day what is gone.

Belongs here: comparing what Ghost lists with what was seen before. Does not belong here: requests (``client``), what a
change means (``pages``), when to poll, and keeping cursor and events (the job does both in one transaction).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from delivery_ops import clock
from delivery_ops.connectors.cursor import Cursor, Pulled
from delivery_ops.connectors.failures import AnswerMalformed, failure
from delivery_ops.connectors.ghost.client import DOING, RESOURCES, GhostClient
from delivery_ops.connectors.ghost.objects import PAGE, POST, read, require_address
from delivery_ops.connectors.pages import Seen, Site, changed, deleted
from delivery_ops.contracts.envelope import EventDraft
from delivery_ops.errors import Rejected

LISTING_EVERY = timedelta(days=1)
_KINDS = dict(zip(RESOURCES, (POST, PAGE), strict=True))


def pull(client: GhostClient, site: Site, cursor: Cursor, *, listing_every: timedelta = LISTING_EVERY) -> Pulled:
    """What happened on ``site`` since ``cursor``, in the order of the modified times.

    Raises:
        DeliveryOpsError: one of ``failures``' errors; then nothing was found, and the cursor stands.
    """
    now = clock.now()
    since = cursor.since(site_now=client.site_time() or now, now=now)
    poll = _Poll(site, cursor, now)
    for seen, lives_at in sorted(_sightings(client, site, since), key=lambda sighting: sighting[0].modified_at):
        poll.take(seen, lives_at)
    listed_at = cursor.listed_at or now
    if now - listed_at >= listing_every:
        poll.drop(_gone(client, poll.pages))
        listed_at = now
    return Pulled(
        drafts=tuple(poll.drafts),
        refused=tuple(poll.refused),
        cursor=Cursor(newest=poll.newest, polled_at=now, listed_at=listed_at, pages=poll.pages),
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

    def take(self, after: Seen, lives_at: object) -> None:
        """Take a sighting in. One that cannot be used is remembered as nobody's page, so that it is told once."""
        self.newest = max(self.newest or after.modified_at, after.modified_at)
        before = self.pages.get(after.object_id)
        if before is not None and (before.modified_at, before.is_live) == (after.modified_at, after.is_live):
            return
        try:
            require_address(after, lives_at)
            self.drafts += changed(self._site, before, after, seen_at=self._now)
        except Rejected as error:
            self.refused.append(error)
            self.pages[after.object_id] = replace(after, deliverable_id=None)
            return
        if after.is_tracked:
            self.pages[after.object_id] = after
        else:
            self.pages.pop(after.object_id, None)

    def drop(self, gone: Iterator[str]) -> None:
        """Take in that these are there no more."""
        for object_id in gone:
            self.drafts += deleted(self._site, self.pages.pop(object_id), seen_at=self._now)


def _sightings(client: GhostClient, site: Site, since: datetime | None) -> Iterator[tuple[Seen, object]]:
    for resource, kind in _KINDS.items():
        for found in client.changed(resource, since):
            try:
                yield read(kind, found, site), found.get("url")
            except Rejected as error:
                subject = f"{site.name}, {error.subject}"
                raise failure(AnswerMalformed, DOING, subject=subject, cause=error.cause) from error


def _gone(client: GhostClient, known: dict[str, Seen]) -> Iterator[str]:
    """The known pages that Ghost does not list any more. Each is asked for on its own before it is believed: a list
    that lost a row would take a live page down, under a key that can never be used again."""
    if not known:
        return
    listed = {object_id for resource in RESOURCES for object_id in client.ids(resource)}
    for object_id in [one for one in known if one not in listed]:
        if not client.exists(object_id):
            yield object_id
