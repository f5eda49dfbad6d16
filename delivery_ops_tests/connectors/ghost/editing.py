"""An editor at a Ghost, and the two ways of hearing what was done.

Belongs here: changes that can be drawn at random and done where they make sense, and what push and pull tell of them.
Does not belong here: what they should tell (``test_agreement``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from delivery_ops import clock
from delivery_ops.connectors.cursor import Cursor
from delivery_ops.connectors.ghost.client import GhostClient
from delivery_ops.connectors.ghost.pull import pull
from delivery_ops.connectors.ghost.translate import translate
from delivery_ops.connectors.pages import Site
from delivery_ops.contracts.envelope import EventDraft
from delivery_ops_tests.connectors.ghost.documents import Entry
from delivery_ops_tests.connectors.ghost.server import KEY, Ghost, Sent

START = datetime(2026, 3, 2, 9, 0, 0, 400_000, tzinfo=UTC)
POLL = timedelta(minutes=5)
ALWAYS = timedelta()

#: What an editor can do to one of the pages: its number, the deed, and how many milliseconds it takes.
Change = tuple[int, str, int]
CHANGES = ("add draft", "add live", "schedule", "publish", "edit", "unpublish", "rename", "delete")
#: Changes that give a page to another deliverable, to none, or back.
REHOMING = ("to dlv-1", "to dlv-2", "to nobody")


@dataclass
class Editor:
    """Changes pages of ``ghost``; page n is a post where n is even. ``slug`` makes a slug of a number and a name."""

    ghost: Ghost
    slug: Callable[[int, str], str] = lambda number, name: f"dlv-{number}-{name}"
    pages: dict[int, str] = field(default_factory=dict)
    renamed: int = 0

    def entry(self, number: int) -> Entry | None:
        return self.ghost.entries.get(self.pages.get(number, ""))

    def do(self, change: Change) -> None:
        """Do it where an editor could; else nothing."""
        number, deed, milliseconds = change
        self.ghost.at += timedelta(milliseconds=milliseconds)
        entry = self.entry(number)
        if entry is None:
            if deed.startswith("add"):
                kind, status = ("post", "page")[number % 2], "published" if deed == "add live" else "draft"
                self.pages[number] = self.ghost.add(kind, self.slug(number, "new"), status=status)
            return
        self._change(number, entry, deed)

    def _change(self, number: int, entry: Entry, deed: str) -> None:
        if deed == "schedule" and entry.status == "draft" and entry.published_at is None:
            due = self.ghost.at.replace(microsecond=0) + timedelta(minutes=1)
            self.ghost.save(entry.id, status="scheduled", published_at=due)
        elif deed == "publish" and not entry.is_live:
            if entry.status == "scheduled":  # Ghost's own scheduler, a second late as it is
                self.ghost.at = max(self.ghost.at, entry.published_at + timedelta(seconds=1))
            self.ghost.save(entry.id, status="published")
        elif deed == "unpublish" and entry.is_live:
            self.ghost.save(entry.id, status="draft")
        elif deed == "edit":
            self.ghost.save(entry.id, html=f"<p>As of {self.ghost.at}.</p>")
        elif deed == "rename":
            self.renamed += 1
            self.ghost.save(entry.id, slug=self.slug(number, f"name-{self.renamed}"))
        elif deed.startswith("to "):
            self.ghost.save(entry.id, slug=f"{deed.removeprefix('to ')}-{number}")
        elif deed == "delete":
            self.ghost.delete(entry.id)


@dataclass
class Poller:
    """Pulls ``ghost`` at its own ``url``, now and then; keeps the cursor as JSON, as a database would."""

    ghost: Ghost
    site: Site
    url: str
    page_size: int = 50
    listing_every: timedelta = ALWAYS
    skew: timedelta = timedelta()
    stored: dict = field(default_factory=lambda: Cursor().to_json())

    def poll(self) -> list[EventDraft]:
        clock.read_from(lambda: self.ghost.at + self.skew)
        client = GhostClient(url=self.url, key=KEY, page_size=self.page_size)
        found = pull(client, self.site, Cursor.from_json(self.stored), listing_every=self.listing_every)
        assert found.refused == ()
        self.stored = found.cursor.to_json()
        return list(found.drafts)


def pushed(sent: Sequence[Sent], site: Site, *, late: timedelta = timedelta()) -> list[EventDraft]:
    """What the deliveries tell."""
    return [
        draft
        for one in sent
        for draft in translate(replace(one.delivery, received_at=one.delivery.received_at + late), site)
    ]


def told(drafts: Sequence[EventDraft]) -> set[tuple[str, str | None, str]]:
    """The set that push and pull must agree in."""
    return {(one.event_type, one.deliverable_id, one.idempotency_key) for one in drafts}
