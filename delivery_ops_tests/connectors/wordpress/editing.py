"""An editor at a WordPress, and the two ways of hearing what was done.

Belongs here: changes that can be drawn at random and done where they make sense, at the stand-in or at the real one,
and what push and pull tell of them. Does not belong here: what they should tell (``test_agreement``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from delivery_ops import clock
from delivery_ops.connectors.cursor import Cursor
from delivery_ops.connectors.delivery import Delivery
from delivery_ops.connectors.mapping import DeliverableRule, Place
from delivery_ops.connectors.pages import Site
from delivery_ops.connectors.polling import LISTING_EVERY
from delivery_ops.connectors.wordpress.client import WordPressClient
from delivery_ops.connectors.wordpress.pull import pull
from delivery_ops.connectors.wordpress.translate import translate
from delivery_ops.contracts.envelope import EventDraft
from delivery_ops_tests.connectors.wordpress.server import PASSWORD, ROOT, USER, WordPress

START = datetime(2026, 3, 2, 9, 0, 0, 400_000, tzinfo=UTC)
POLL = timedelta(minutes=5)
ALWAYS = timedelta()

#: What an editor can do to one of the pages: its number, the deed, and how many milliseconds it takes.
Change = tuple[int, str, int]
CHANGES = ("add draft", "add live", "schedule", "publish", "edit", "unpublish", "hide", "trash", "rename", "delete")
#: Changes that give a page to another deliverable, to none, or back.
REHOMING = ("to dlv-1", "to dlv-2", "to nobody")

RULES: dict[Place, DeliverableRule] = {
    "slug_prefix": DeliverableRule(place="slug_prefix", value="dlv-[0-9]+"),
    "url_pattern": DeliverableRule(place="url_pattern", value=r"/(dlv-[0-9]+)[^/]*/\Z"),
    "tag": DeliverableRule(place="tag", value="(dlv-[0-9]+) & co"),
    "field": DeliverableRule(place="field", value="deliverable"),
}


def site_of(place: Place = "slug_prefix", *, url: str = ROOT) -> Site:
    return Site(name="agency-site", client_id="acme", url=url, rule=RULES[place])


class Hands(Protocol):
    """What an editor needs of a WordPress."""

    def add(self, kind: str, slug: str, *, status: str, **fields: Any) -> int: ...
    def save(self, entry_id: int, **fields: Any) -> None: ...
    def trash(self, entry_id: int) -> None: ...
    def delete(self, entry_id: int) -> None: ...


@dataclass
class Editor:
    """Changes pages with ``hands``; page n is a post where n is even. Knows by itself how each page stands."""

    hands: Hands
    pages: dict[int, int] = field(default_factory=dict)
    statuses: dict[int, str] = field(default_factory=dict)
    owners: dict[int, str] = field(default_factory=dict)
    saves: int = 0

    def do(self, number: int, deed: str) -> bool:
        """Do it where an editor could; whether anything was done."""
        status = self.statuses.get(number)
        self.saves += 1
        if status is None:
            return deed.startswith("add") and self._add(number, "publish" if deed == "add live" else "draft")
        entry_id = self.pages[number]
        if deed == "publish" and status not in {"publish", "future"}:
            self._save(number, status="publish")
        elif deed in {"unpublish", "hide"} and status in {"publish", "future"}:
            self._save(number, status="private" if deed == "hide" else "draft")
        elif deed == "unpublish" and status in {"trash", "private"}:
            self._save(number, status="draft")
        elif deed == "trash" and status != "trash":
            self.hands.trash(entry_id)
            self.statuses[number] = "trash"
        elif deed == "delete":
            self.hands.delete(entry_id)
            del self.statuses[number]
        elif status != "trash" and deed == "edit":
            self._save(number)
        elif status != "trash" and deed == "rename":
            self._save(number, slug=f"{self.owners[number]}-name-{number}-{self.saves}")
        elif status != "trash" and deed.startswith("to "):
            self.owners[number] = deed.removeprefix("to ")
            self._save(number, **self._marks(number))
        else:
            return False
        return True

    def _add(self, number: int, status: str) -> bool:
        self.owners[number] = f"dlv-{number}"
        self.statuses[number] = status
        kind = ("post", "page")[number % 2]
        self.pages[number] = self.hands.add(kind, status=status, **self._marks(number))
        return True

    def _save(self, number: int, **fields: Any) -> None:
        self.hands.save(self.pages[number], **fields)
        self.statuses[number] = fields.get("status", self.statuses[number])

    def _marks(self, number: int) -> dict[str, Any]:
        """All that a rule could look at."""
        owner = self.owners[number]
        mine = owner.startswith("dlv")
        return {
            "slug": f"{owner}-{number}-{self.saves}",
            "tags": ("other", f"{owner} &amp; co") if mine else ("other",),
            "field": owner if mine else "",
        }


@dataclass
class Poller:
    """Pulls ``site`` by the stand-in's clock; keeps the cursor as JSON, as a database would."""

    wordpress: WordPress
    site: Site
    url: str
    page_size: int = 100
    listing_every: timedelta = LISTING_EVERY
    skew: timedelta = timedelta()
    stored: dict[str, Any] = field(default_factory=lambda: Cursor().to_json())

    def poll(self, *, listing: bool = False) -> list[EventDraft]:
        clock.read_from(lambda: self.wordpress.at + self.skew)
        client = WordPressClient(url=self.url, user=USER, password=PASSWORD, page_size=self.page_size)
        every = ALWAYS if listing else self.listing_every
        found = pull(client, self.site, Cursor.from_json(self.stored), listing_every=every)
        assert found.refused == ()
        self.stored = found.cursor.to_json()
        return list(found.drafts)


def pushed(sent: Sequence[Delivery], site: Site) -> list[EventDraft]:
    """What the deliveries tell."""
    return [draft for one in sent for draft in translate(one, site)]


def told(drafts: Sequence[EventDraft]) -> set[tuple[str, str | None, str]]:
    """The set that push and pull must agree in."""
    return {(one.event_type, one.deliverable_id, one.idempotency_key) for one in drafts}
