"""The records an invented agency is made of.

Belongs here: plain frozen records, no behaviour. ``agency`` fills them from a seed; the servers and the file
writer show them; ``truth`` adds them up. Does not belong here: how any of it is invented, and what is expected
of the product.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Client:
    """A client of the agency, its one website and its one Search Console property.

    ``final_after_hours``: how long after the end of a Pacific day its search data is final.
    """

    client_id: str
    name: str
    tier: str
    host: str
    search_property: str
    currency: str
    sells_to_accounts: bool
    final_after_hours: int

    @property
    def site(self) -> str:
        """The site's root URL."""
        return f"http://{self.host}/"


@dataclass(frozen=True, kw_only=True, slots=True)
class Deliverable:
    """One piece of work. ``published_at`` and ``url`` are ``None`` while it is in the making.

    ``in_file``: the deliverables file lists it; otherwise only its events tell of it.
    ``planned_url``: the file already names the URL.
    """

    deliverable_id: str
    client_id: str
    type: str
    slug: str
    title: str
    published_at: datetime | None
    url: str | None
    planned_url: bool
    in_file: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """A canonical event as its source system says it."""

    event_type: str
    source: str
    idempotency_key: str
    timestamp: datetime
    role: str
    actor: str
    deliverable_id: str | None
    client_id: str | None
    payload: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Touch:
    """One contact meeting one deliverable (``None``: something the agency did not make)."""

    touch_id: str
    contact_id: str
    account_id: str | None
    deliverable_id: str | None
    channel: str
    touch_type: str
    milestone: str | None
    touched_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Deal:
    """A won deal, or (``refund_of``: another's key) one taken back. Revenue rows may be in other currencies."""

    deal_key: str
    contact_id: str | None
    account_id: str | None
    closed_at: datetime
    currency: str
    refund_of: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RevenueRow:
    """One booked amount, in minor units; ``deal_key`` may be missing or known to nobody."""

    revenue_id: str
    deal_key: str | None
    amount_minor: int
    currency: str
    booked_on: date


@dataclass(frozen=True, kw_only=True, slots=True)
class CostRow:
    """What a deliverable cost: hours at a rate, or an outlay (``minutes`` is ``None``)."""

    cost_id: str
    deliverable_id: str
    amount_minor: int
    currency: str
    minutes: int | None
    worked_on: date


@dataclass(frozen=True, kw_only=True, slots=True)
class Sighting:
    """A page seen in the results of one query, within one Pacific day and hour, by one country and device.

    ``shared``: how many of the impressions were in results in which a better placed page of the same property
    stood too; by page they count, by property they were counted already.
    ``position_tenths``: average position in tenths.
    ``anonymised``: the query was too rare to be told; it counts in totals only.
    ``known_after_hours``: how long after the start of its Pacific day the count reaches fresh data.
    ``deliverable_id``: whose page it is; ``None`` where no deliverable owns it.
    """

    search_property: str
    day: date
    hour: int
    query: str
    anonymised: bool
    page: str
    deliverable_id: str | None
    country: str
    device: str
    impressions: int
    shared: int
    clicks: int
    position_tenths: int
    known_after_hours: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Agency:
    """Everything that exists, as its own systems would tell it."""

    seed: int
    clients: tuple[Client, ...]
    deliverables: tuple[Deliverable, ...]
    events: tuple[Event, ...]
    touches: tuple[Touch, ...]
    deals: tuple[Deal, ...]
    revenue: tuple[RevenueRow, ...]
    costs: tuple[CostRow, ...]
    sightings: tuple[Sighting, ...]
