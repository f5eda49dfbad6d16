"""What a deliverable says of its own pages, heard in order of (timestamp, position), however late it came. Pure.

Belongs here: which of its claims count, and where they leave it. Does not belong here: what becomes of a page that
several deliverables claim (``intervals``). A deliverable is live where it said so and has not said otherwise since. An
update says that what is live has changed, or has moved to another address; of a deliverable that is live nowhere it
says nothing: it neither brings back a withdrawn page nor publishes one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from delivery_ops.contracts.envelope import Position

REGISTERED, PUBLISHED, UPDATED, UNPUBLISHED = (
    "deliverable.registered",
    "page.published",
    "page.updated",
    "page.unpublished",
)
OF_LIVE_PAGES = frozenset({PUBLISHED, UPDATED, UNPUBLISHED})


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """What the event at ``position`` says of a page. ``page_key`` is None where ``url`` is no web address."""

    deliverable_id: str
    position: Position
    event_type: str
    page_key: str | None
    url: str
    claimed_at: datetime

    @property
    def order(self) -> tuple[datetime, Position]:
        """By which claims are sorted before they are heard."""
        return self.claimed_at, self.position


@dataclass(kw_only=True, slots=True)
class Standing:
    """Where a deliverable is after its claims so far: ``live`` holds addresses by page key, the latest named last.
    ``url`` is where it was published last; while other pages of it are live than that one, the latest named of them.
    ``published_at`` is when it first went live. A registration changes nothing here."""

    live: dict[str | None, str] = field(default_factory=dict)
    url: str | None = None
    page_key: str | None = None
    published_at: datetime | None = None

    def hear(self, claim: Claim) -> bool:
        """Take the next claim in order. False if it does not count."""
        if claim.event_type == UPDATED and not self.live:
            return False
        if claim.event_type in OF_LIVE_PAGES:
            self.live.pop(claim.page_key, None)
        if claim.event_type in {PUBLISHED, UPDATED}:
            self.live[claim.page_key] = claim.url
        if claim.event_type == PUBLISHED:
            self.url, self.page_key = claim.url, claim.page_key
            self.published_at = self.published_at or claim.claimed_at
        elif self.live and self.page_key not in self.live:
            self.page_key, self.url = list(self.live.items())[-1]
        return True


def counted(claims: Iterable[Claim]) -> tuple[list[Claim], Standing]:
    """Those of one deliverable's ``claims`` that count, in order, and where they leave it."""
    standing = Standing()
    return [one for one in sorted(claims, key=lambda one: one.order) if standing.hear(one)], standing
