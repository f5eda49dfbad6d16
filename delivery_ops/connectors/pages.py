"""What happened to a page of a CMS, told from how it stood before and how it stands after. Pure.

Belongs here: ``Seen``, the events between two sightings of a page, their keys and payloads. Does not belong here:
how a CMS writes its pages down. A webhook carries both sightings; a pull remembers the first and asks for the second.
Both come through here, which is why they agree: the same change gives the same event under the same key, whichever
way it came.

A key is (site, object id, transition, the source's modified time), a permanent deletion's (site, object id,
``deleted``). The first publication is dated by its publication time, which is the modified time of a page not touched
since: so a page first seen already edited still yields the ``page.published`` that push told at the time. A page that
goes live with a later modified time has changed since and yields ``page.updated`` too: a page withdrawn and brought
back between two polls looks edited to a pull, and what pull then tells must be among what push told. A page that was
nobody's while live may have been a deliverable's before; it goes live for its deliverable now as well as then, because
the first publication may have been told, and taken back, long ago.

The boundary: a modified time moves with every save. Where a page was taken down, brought back or moved, and was saved
again before the next poll, pull names that turn by the last save; where a system keeps another date than that of the
first publication, pull names that one by it. Both events stand, and their fold is the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from delivery_ops.connectors.mapping import DeliverableRule
from delivery_ops.contracts.envelope import EventDraft

Transition = Literal["published", "updated", "unpublished"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """One CMS as configured. ``name`` is the events' source, ``url`` the root its visitors use; ``permalink`` is where
    a post lives below it, with ``{slug}`` in it. Addresses are always made from these two, since neither a webhook
    nor an API gives the address that a withdrawn page had."""

    name: str
    client_id: str
    url: str
    rule: DeliverableRule
    permalink: str = "/{slug}/"

    def address(self, slug: str, *, permalink: str | None = None) -> str:
        """Where the page with this slug is, whenever it is live."""
        return self.url.rstrip("/") + (permalink or self.permalink).replace("{slug}", slug)


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """A page at one moment. ``published_at`` is when it first went live or, while ``is_scheduled``, is due to;
    ``url`` its public address, also while it is not live; ``deliverable_id`` None where it is no deliverable."""

    object_id: str
    is_live: bool
    modified_at: datetime
    published_at: datetime | None
    deliverable_id: str | None
    url: str
    is_scheduled: bool = False

    @property
    def is_tracked(self) -> bool:
        """Whether it is a deliverable."""
        return self.deliverable_id is not None

    @property
    def was_ever_live(self) -> bool:
        """Whether anybody could have visited it."""
        return self.published_at is not None and not self.is_scheduled


def changed(site: Site, before: Seen | None, after: Seen, *, seen_at: datetime) -> list[EventDraft]:
    """The events of a page that stood as ``before`` (None: not known) and now stands as ``after``.

    A page that moved to another address, or to another deliverable, goes live there and is taken down here, in this
    order: the deliverable that keeps it is never without a page.
    """
    events = _appearances(site, before, after, seen_at)
    if before is not None and before.is_live and before.is_tracked and not (_is_live_as(after, before)):
        events.append(_event(site, before, "unpublished", after.modified_at, seen_at))
    return events


def deleted(site: Site, before: Seen, *, seen_at: datetime) -> list[EventDraft]:
    """The event of a page that is gone for good; none for a page that nobody could ever visit."""
    if not (before.is_tracked and before.was_ever_live):
        return []
    return [_draft(site, before, "unpublished", f"{before.object_id}/deleted", seen_at)]


def _appearances(site: Site, before: Seen | None, after: Seen, seen_at: datetime) -> list[EventDraft]:
    if not (after.is_live and after.is_tracked):
        return []
    updated = _event(site, after, "updated", after.modified_at, seen_at)
    known = before if before is not None and before.is_tracked else None
    if known is not None and known.is_live and known.deliverable_id == after.deliverable_id:
        return [updated]
    is_first = known is None or not known.was_ever_live
    since = after.published_at if is_first and after.published_at else after.modified_at
    published = _event(site, after, "published", since, seen_at)
    if is_first and since == after.modified_at:
        return [published]
    if known is None and before is not None and before.was_ever_live:
        return [published, _event(site, after, "published", after.modified_at, seen_at), updated]
    return [published, updated]


def _is_live_as(page: Seen, before: Seen) -> bool:
    return page.is_live and (page.deliverable_id, page.url) == (before.deliverable_id, before.url)


def _event(site: Site, page: Seen, transition: Transition, at: datetime, seen_at: datetime) -> EventDraft:
    # A source whose clock is ahead dates nothing into the future; its own time stays in the key.
    return _draft(site, page, transition, f"{page.object_id}/{transition}/{_text(at)}", min(at, seen_at))


def _draft(site: Site, page: Seen, transition: Transition, key: str, at: datetime) -> EventDraft:
    return EventDraft(
        event_type=f"page.{transition}",
        source=site.name,
        idempotency_key=key,
        timestamp=at,
        actor_role="publisher",
        client_id=site.client_id,
        deliverable_id=page.deliverable_id,
        payload={"url": page.url},
    )


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
