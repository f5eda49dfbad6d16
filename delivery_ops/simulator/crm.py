"""Contacts and what they did: touches, the deals they ended in, and the revenue those booked.

Belongs here: the ordinary customers of each client, drawn from the seed. Every ordinary deal has a touch well
inside 30 days. Does not belong here: the remarkable customers (``cases``) and any rule of attribution.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from delivery_ops.simulator import planted
from delivery_ops.simulator.business_time import BERLIN, shift
from delivery_ops.simulator.catalogue import CHANNELS, CLIENTS
from delivery_ops.simulator.dice import dice
from delivery_ops.simulator.records import Client, Deal, Deliverable, RevenueRow, Touch

_CONTACTS = {"halden": 120, "mirava": 110, "pellworm": 90}
_DEALS_PER_CLIENT = 23
_OPENS = datetime(2026, 1, 20, 8, 0, tzinfo=UTC)
_CLOSES = datetime(2026, 3, 28, 20, 0, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Customers:
    """What the CRM and the billing system know."""

    touches: tuple[Touch, ...] = ()
    deals: tuple[Deal, ...] = ()
    revenue: tuple[RevenueRow, ...] = ()

    def __add__(self, other: Customers) -> Customers:
        return Customers(
            touches=self.touches + other.touches,
            deals=self.deals + other.deals,
            revenue=self.revenue + other.revenue,
        )


def customers(seed: int, made: Sequence[Deliverable]) -> Customers:
    """The ordinary customers of all clients."""
    found = Customers()
    for client in CLIENTS:
        stream = dice(seed, "crm", client.client_id)
        offered = sorted(
            (d.published_at, d.deliverable_id)
            for d in made
            if d.client_id == client.client_id and d.published_at and d.deliverable_id not in planted.UNTOUCHED
        )
        journeys = [_journey(stream, client, number, offered) for number in range(_CONTACTS[client.client_id])]
        deals = list(_deals(stream, client, journeys))
        touches = tuple(touch for journey in journeys for touch in journey)
        revenue = tuple(row for deal in deals for row in _revenue(stream, client, deal))
        found += Customers(touches=touches, deals=tuple(deals), revenue=revenue)
    return found


def _journey(stream: Random, client: Client, number: int, offered: Sequence[tuple[datetime, str]]) -> list[Touch]:
    """One contact's touches: views, then perhaps a form, a qualification, a meeting."""
    contact = f"{client.client_id}-c{number:04}"
    account = f"{client.client_id}-a{number // 3:03}" if client.sells_to_accounts else None
    at = _OPENS + timedelta(seconds=stream.randrange(int((_CLOSES - _OPENS).total_seconds())))
    made = _visible(offered, at)
    # The contacts go round the newest deliverables first, so that every one of them is touched by somebody.
    name = made[-1 - number % len(made)]
    touches: list[Touch] = []
    stages = _stages(stream)
    for nth, (touch_type, milestone) in enumerate(stages):
        touches.append(
            Touch(
                touch_id=f"{contact}-t{nth:02}",
                contact_id=contact,
                # The first visit is known by its cookie only: the account is learnt later.
                account_id=None if nth == 0 and number % 4 == 0 else account,
                deliverable_id=None if stream.random() < 0.05 and nth else name,
                channel=stream.choices(*CHANNELS)[0],
                touch_type=touch_type,
                milestone=milestone,
                touched_at=at,
            )
        )
        at += timedelta(seconds=7_200 + int(stream.expovariate(1 / (3.5 * 86_400))))
        if at > _CLOSES:
            break
        name = stream.choice(_visible(offered, at))
    return touches


def _visible(offered: Sequence[tuple[datetime, str]], at: datetime) -> list[str]:
    return [name for published, name in offered if published < at]


def _stages(stream: Random) -> list[tuple[str, str | None]]:
    stages: list[tuple[str, str | None]] = [("view", None)] * stream.choice((1, 1, 2, 2, 3, 4, 5))
    if stream.random() < 0.55:
        stages += [("form", "LC"), *[("view", None)] * stream.randint(0, 2)]
        if stream.random() < 0.6:
            stages.append(("mql", None))
            if stream.random() < 0.5:
                stages.append(("meeting", "OC"))
    return stages


def _deals(stream: Random, client: Client, journeys: Sequence[list[Touch]]) -> Iterator[Deal]:
    """Deals of the contacts that came furthest, closed a few working days after their last touch."""
    ready = [j for j in journeys if len(j) > 1 and j[-1].touched_at < _CLOSES - timedelta(days=9)]
    ready.sort(key=lambda journey: -len(journey))
    for number, journey in enumerate(ready[:_DEALS_PER_CLIENT], 1):
        last = journey[-1]
        yield Deal(
            deal_key=f"{client.client_id}-d{number:03}",
            contact_id=last.contact_id,
            account_id=last.account_id,
            closed_at=shift(last.touched_at + timedelta(days=1), stream.randrange(540, 4 * 540)),
            currency=client.currency,
        )


def _revenue(stream: Random, client: Client, deal: Deal) -> Iterator[RevenueRow]:
    for number in range(1, stream.choice((1, 1, 2, 3)) + 1):
        yield RevenueRow(
            revenue_id=f"{deal.deal_key}-r{number}",
            deal_key=deal.deal_key,
            amount_minor=stream.randint(12_000, 980_000),
            currency=client.currency,
            booked_on=deal.closed_at.astimezone(BERLIN).date() + timedelta(days=stream.randint(0, 6)),
        )
