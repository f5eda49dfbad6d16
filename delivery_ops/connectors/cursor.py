"""How far a site has been pulled: what was last seen of each tracked page, and since when to ask for changes.

Belongs here: the cursor, its JSON form, and where the next poll begins. Does not belong here: storing it (the caller
does, with the events it led to) and asking the site. A poll begins a little before the newest modification seen, so
that one which became visible late is not passed over; what it repeats is known and says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any

from delivery_ops.connectors.pages import Seen
from delivery_ops.contracts.envelope import EventDraft
from delivery_ops.errors import Rejected

OVERLAP = timedelta(minutes=2)
"""Longer than any save takes to become visible, and than two clocks read within one poll differ."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cursor:
    """The state of one site's pull. ``newest`` is the latest modified time seen, by the site's clock; ``polled_at``
    and ``listed_at`` are when it was last asked for changes and for all of its ids, by ours."""

    newest: datetime | None = None
    polled_at: datetime | None = None
    listed_at: datetime | None = None
    pages: Mapping[str, Seen] = field(default_factory=dict)

    def since(self, *, site_now: datetime, now: datetime) -> datetime | None:
        """The modified time, by the site's clock, from which to ask; None for everything.

        ``site_now`` and ``now`` are one instant by both clocks. Where the site's clock was set back, or ran ahead for a
        while, new changes are older than the newest one seen: then all since the last poll is asked for.
        """
        if self.newest is None or self.polled_at is None:
            return None
        elapsed = max(now - self.polled_at, timedelta())
        return min(self.newest, site_now - elapsed) - OVERLAP

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; ``from_json`` reads them."""
        return {
            **{name: _text(getattr(self, name)) for name in ("newest", "polled_at", "listed_at")},
            "pages": [{name: _text(value) for name, value in asdict(page).items()} for page in self.pages.values()],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Cursor:
        """The cursor that ``to_json`` wrote."""
        pages = [
            Seen(**{one.name: _value(one.name, page[one.name]) for one in fields(Seen)}) for page in stored["pages"]
        ]
        return cls(
            **{name: _value(name, stored[name]) for name in ("newest", "polled_at", "listed_at")},
            pages={page.object_id: page for page in pages},
        )


_INSTANTS = {"newest", "polled_at", "listed_at", "modified_at", "published_at"}


def _text(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _value(name: str, stored: Any) -> Any:
    return datetime.fromisoformat(stored) if name in _INSTANTS and stored is not None else stored


@dataclass(frozen=True, kw_only=True, slots=True)
class Pulled:
    """What one poll found: the events, what could not be used with the reason, and where the next poll begins."""

    drafts: tuple[EventDraft, ...]
    refused: tuple[Rejected, ...]
    cursor: Cursor
