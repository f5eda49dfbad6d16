"""One poll of a site in the making: the pages known so far, brought up to date one by one, and what that told.

Belongs here: comparing what a system lists with what was seen before, alike for every system. Does not belong here:
asking for it (each connector's ``pull``), what a change means (``pages``), and keeping cursor and events: the job that
polls does both in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from delivery_ops.connectors.cursor import Cursor, Pulled
from delivery_ops.connectors.pages import Seen, Site, changed, deleted
from delivery_ops.contracts.envelope import EventDraft
from delivery_ops.errors import Rejected

LISTING_EVERY = timedelta(days=1)
"""How often everything is listed: what is gone is in no list of changes, nor what was dated wrongly."""


class Poll:
    """What a poll of ``site`` that began at ``now`` has found since ``cursor``."""

    def __init__(self, site: Site, cursor: Cursor, *, now: datetime, listing_every: timedelta = LISTING_EVERY) -> None:
        self.is_listing = cursor.listed_at is None or now - cursor.listed_at >= listing_every
        self._site = site
        self._now = now
        self._cursor = cursor
        self._pages = dict(cursor.pages)
        self._newest = cursor.newest
        self._drafts: list[EventDraft] = []
        self._refused: list[Rejected] = []

    def since(self, site_now: datetime | None) -> datetime | None:
        """The modified time from which to ask, by the site's clock; None for everything."""
        return None if self.is_listing else self._cursor.since(site_now=site_now or self._now, now=self._now)

    def take(self, after: Seen, fault: Rejected | None = None) -> None:
        """Take a sighting in. One with a fault, its own or its event's, is kept as nobody's page: it is told once. One
        without an address, which a system need not know of a page that is down, is the page that was known."""
        self._newest = max(self._newest or after.modified_at, after.modified_at)
        before = self._pages.get(after.object_id)
        if before is not None and (before.modified_at, before.is_live) == (after.modified_at, after.is_live):
            return
        if before is not None and not after.url:
            after = replace(after, url=before.url, deliverable_id=before.deliverable_id)
        try:
            if fault is not None:
                raise fault
            self._drafts += changed(self._site, before, after, seen_at=self._now)
        except Rejected as error:
            self._refused.append(error)
            self._pages[after.object_id] = replace(after, deliverable_id=None)
            return
        if after.is_tracked or before is not None:  # a deliverable's page once: it goes live again if it is given back
            self._pages[after.object_id] = after

    def refuse(self, error: Rejected) -> None:
        """Take in that a row could not be read at all."""
        self._refused.append(error)

    def missing(self, listed: Iterable[Seen]) -> list[str]:
        """The known pages that are not among all the pages ``listed``. Each must be asked for on its own before it is
        dropped: a list that lost a row would take a live page down, under a key that can never be used again."""
        there = {page.object_id for page in listed}
        return [object_id for object_id in self._pages if object_id not in there]

    def drop(self, gone: Iterable[str], *, tells_of_live_only: bool = False) -> None:
        """Take in that these are there no more. ``tells_of_live_only``: as its webhooks do, since the end of a page
        that was not live was told when it was taken down."""
        for object_id in gone:
            before = self._pages.pop(object_id)
            if before.is_live or not tells_of_live_only:
                self._drafts += deleted(self._site, before, seen_at=self._now)

    def result(self) -> Pulled:
        """What was found, and where the next poll begins."""
        return Pulled(
            drafts=tuple(self._drafts),
            refused=tuple(self._refused),
            cursor=Cursor(
                newest=self._newest,
                polled_at=self._now,
                listed_at=self._now if self.is_listing else self._cursor.listed_at,
                pages=self._pages,
            ),
        )
