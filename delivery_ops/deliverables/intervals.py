"""Whose page an address is, and from when to when: at each instant at most one deliverable's. Pure; no database.

Belongs here: what a claim and a withdrawal do to the intervals of one page key. Does not belong here: which events
claim (``fold``). The later claim wins from its own instant on: it ends the interval it falls into, whoever owned
that. The ended interval stays, so that yesterday's search rows still belong to yesterday's owner. Intervals are half
open, ``[valid_from, valid_to)``, and never overlap, in whatever order claims arrive.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

SINCE_EVER = datetime(1970, 1, 1, tzinfo=UTC)
"""The start of an interval that a registration opens: it says whose the page is, not since when."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Interval:
    """``deliverable_id`` owns the page from ``valid_from`` up to, not including, ``valid_to`` (None = until further
    notice). ``published_at`` and ``changed_at`` are when it was first and last said to be live with new content; None
    while it is only registered."""

    deliverable_id: str
    url: str
    valid_from: datetime
    valid_to: datetime | None = None
    published_at: datetime | None = None
    changed_at: datetime | None = None

    def covers(self, at: datetime) -> bool:
        """Whether ``at`` lies in it."""
        return self.valid_from <= at and (self.valid_to is None or at < self.valid_to)

    def is_live_page_of(self, deliverable_id: str) -> bool:
        """Whether it is open, was published, and is this deliverable's."""
        return self.deliverable_id == deliverable_id and self.valid_to is None and self.published_at is not None


def register(page: Sequence[Interval], *, deliverable_id: str, url: str, at: datetime) -> list[Interval]:
    """A deliverable is registered at this address: its page since ever if nobody ever had it, else from ``at`` on."""
    return _claim(page, Interval(deliverable_id=deliverable_id, url=url, valid_from=at if page else SINCE_EVER))


def publish(page: Sequence[Interval], *, deliverable_id: str, url: str, at: datetime) -> list[Interval]:
    """A deliverable went live at this address, or changed there: from ``at`` on the page is its own."""
    return _claim(page, Interval(deliverable_id=deliverable_id, url=url, valid_from=at, published_at=at, changed_at=at))


def withdraw(page: Sequence[Interval], *, deliverable_id: str, at: datetime) -> list[Interval]:
    """The deliverable's page was taken down at ``at``. An interval of nobody, or of another, stays as it is."""
    ended = [replace(one, valid_to=at) if _is_of(one, deliverable_id, at) else one for one in page]
    return [one for one in ended if one.valid_from != one.valid_to]


def _claim(page: Sequence[Interval], new: Interval) -> list[Interval]:
    at = new.valid_from
    for place, one in enumerate(page):
        if _is_of(one, new.deliverable_id, at):
            return [*page[:place], _again(one, new), *page[place + 1 :]]
    before = [replace(one, valid_to=at) if one.covers(at) else one for one in page if one.valid_from < at]
    after = [one for one in page if one.valid_from >= at and not one.covers(at)]
    ends = next((one.valid_to for one in page if one.covers(at)), after[0].valid_from if after else None)
    return [*before, replace(new, valid_to=ends), *after]


def _again(one: Interval, claim: Interval) -> Interval:
    live = [at for at in (one.published_at, one.changed_at, claim.published_at) if at is not None]
    return replace(one, url=claim.url, published_at=min(live, default=None), changed_at=max(live, default=None))


def _is_of(one: Interval, deliverable_id: str, at: datetime) -> bool:
    return one.deliverable_id == deliverable_id and one.covers(at)
