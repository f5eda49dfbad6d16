"""Whose page an address is, and from when to when: at each instant at most one deliverable's. Pure; no database.

Belongs here: the intervals that all claims to one page come to. Does not belong here: which claims count
(``claims``). Claims are heard in order of (timestamp, position), so the order of arrival makes no difference. The later
claim wins from its own instant on; a registration, which only says whose the page is, takes none that is live. The
ended interval stays, so that yesterday's search rows still belong to yesterday's owner. Intervals are half open,
``[valid_from, valid_to)``, and never overlap.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from delivery_ops.deliverables.claims import REGISTERED, UNPUBLISHED, Claim

SINCE_EVER = datetime(1970, 1, 1, tzinfo=UTC)
"""The start of a registered page that nobody else ever had: a registration says whose the page is, not since when."""


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

    def is_live_page_of(self, deliverable_id: str) -> bool:
        """Whether it is open, was published, and is this deliverable's."""
        return self.deliverable_id == deliverable_id and self.valid_to is None and self.published_at is not None


def intervals_of(claims: Iterable[Claim]) -> list[Interval]:
    """The intervals, in order of time, of the page that all ``claims`` are about; only such as count."""
    page: list[Interval] = []
    for claim in sorted(claims, key=lambda one: one.order):
        page = _register(page, claim) if claim.event_type == REGISTERED else _hear(page, claim)
    return page


def _register(page: list[Interval], claim: Claim) -> list[Interval]:
    if all(one.deliverable_id == claim.deliverable_id for one in page):
        page = [replace(one, valid_from=SINCE_EVER) for one in page[:1]] + page[1:]
    now = _now(page)
    if now is not None and now.published_at is not None:
        return page
    if now is not None and now.deliverable_id == claim.deliverable_id:
        return [*page[:-1], replace(now, url=claim.url)]
    since = claim.claimed_at if page else SINCE_EVER
    return [*_ended(page, since), Interval(deliverable_id=claim.deliverable_id, url=claim.url, valid_from=since)]


def _hear(page: list[Interval], claim: Claim) -> list[Interval]:
    at, now = claim.claimed_at, _now(page)
    is_its_own = now is not None and now.deliverable_id == claim.deliverable_id
    if claim.event_type == UNPUBLISHED:
        return _ended(page, at) if is_its_own else page
    if now is not None and is_its_own:
        return [*page[:-1], replace(now, url=claim.url, published_at=now.published_at or at, changed_at=at)]
    new = Interval(deliverable_id=claim.deliverable_id, url=claim.url, valid_from=at, published_at=at, changed_at=at)
    return [*_ended(page, at), new]


def _now(page: list[Interval]) -> Interval | None:
    return page[-1] if page and page[-1].valid_to is None else None


def _ended(page: list[Interval], at: datetime) -> list[Interval]:
    """``page`` is nobody's from ``at`` on, which no interval begins after. One that would be empty is left out."""
    now = _now(page)
    if now is None:
        return page
    return [*page[:-1], replace(now, valid_to=at)] if now.valid_from < at else page[:-1]
