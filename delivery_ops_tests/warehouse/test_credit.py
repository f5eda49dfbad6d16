"""Credit against an oracle that shares nothing with the models: plain Python, exact fractions, one rule a line.

Hypothesis makes a few hundred small worlds, biased towards edges; all go through one run of the real models.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import floor
from pathlib import Path

import duckdb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from delivery_ops.lake import datasets
from delivery_ops.warehouse.dbt import build
from delivery_ops_tests.warehouse.conftest import MakeWarehouse

WINDOW = timedelta(seconds=30 * 86_400)
TICK = timedelta(microseconds=1)
WON = datetime(2026, 3, 29, 3, tzinfo=UTC)  # just after Europe's clocks changed; America's did within the window


@dataclass(frozen=True)
class Touch:
    source: str
    touch_id: str
    contact: str | None
    account: str | None
    deliverable: str | None
    at: datetime


@dataclass(frozen=True)
class Deal:
    key: str
    contact: str | None
    account: str | None
    at: datetime
    refund_of: str | None
    amounts: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class World:
    touches: tuple[Touch, ...]
    deals: tuple[Deal, ...]


Key = tuple[str, str, str, str | None, str | None]
"""Conversion, currency, model, source and id of the touch."""
Credit = tuple[int, str | None]
"""Minor units, and the reason where there is no touch."""


contacts = st.sampled_from(["ann", "bob", None])
accounts = st.sampled_from(["acme", "other", None, None])
instants = st.one_of(
    st.sampled_from([WON - WINDOW + step * TICK for step in (-1, 0, 1)] + [WON + step * TICK for step in (-1, 0, 1)]),
    st.integers(0, 40).map(lambda days: WON - timedelta(days=days)),
    st.integers(0, 40 * 86_400).map(lambda seconds: WON - timedelta(seconds=seconds)),
)
amounts = st.one_of(
    st.sampled_from([0, 1, -1, 2, 100, -100, 101, 10**15 + 1, -(2**53) - 1]), st.integers(-100_000, 100_000)
)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    ids = draw(
        st.lists(
            st.tuples(st.sampled_from(["crm", "mail"]), st.sampled_from(["7", "007", "10", "9", "ä", "Z", "a b"])),
            unique=True,
            max_size=7,
        )
    )
    touches = tuple(
        Touch(
            source, touch_id, draw(contacts), draw(accounts), draw(st.sampled_from(["d1", "d2", None])), draw(instants)
        )
        for source, touch_id in ids
    )
    deals: list[Deal] = []
    for number in range(draw(st.integers(1, 3))):
        known = [deal.key for deal in deals] + ["unknown"]
        deals.append(
            Deal(
                key=f"k{number}",
                contact=draw(contacts),
                account=draw(accounts),
                at=draw(st.sampled_from([WON, WON, WON + timedelta(days=90)])),
                refund_of=draw(st.none() | st.sampled_from(known)),
                amounts=tuple(draw(st.lists(st.tuples(st.sampled_from(["EUR", "JPY"]), amounts), max_size=3))),
            )
        )
    return World(touches, tuple(deals))


def is_same_person(touch: Touch, deal: Deal) -> bool:
    if touch.account is not None and deal.account is not None:
        return touch.account == deal.account
    return touch.contact is not None and touch.contact == deal.contact


def matched_as(deal: Deal, world: World) -> Deal:
    originals = [other for other in world.deals if other.key == deal.refund_of and other.refund_of is None]
    return originals[0] if originals else deal


def weights(model: str, touches: Sequence[Touch]) -> list[Fraction]:
    last = len(touches) - 1
    rule = {
        "first": lambda place: Fraction(place == 0),
        "last": lambda place: Fraction(place == last),
        "linear": lambda place: Fraction(1, len(touches)),
    }[model]
    return [rule(place) for place in range(len(touches))]


def divided(amount: int, shares: Sequence[Fraction]) -> list[int]:
    """Largest remainder over |amount|; equal remainders in the order given; the sign comes back at the end."""
    exact = [abs(amount) * share for share in shares]
    whole = [floor(part) for part in exact]
    by_remainder = sorted(range(len(exact)), key=lambda place: (whole[place] - exact[place], place))
    for place in by_remainder[: abs(amount) - sum(whole)]:
        whole[place] += 1
    return [part if amount >= 0 else -part for part in whole]


def expected(world: World) -> Iterator[tuple[Key, Credit]]:
    for deal in world.deals:
        person = matched_as(deal, world)
        of_person = [touch for touch in world.touches if is_same_person(touch, person)]
        eligible = [touch for touch in of_person if person.at - WINDOW < touch.at <= person.at]
        eligible.sort(key=lambda touch: (touch.at, touch.touch_id, touch.source))
        sums: dict[str, int] = defaultdict(int)
        for currency, amount in deal.amounts:
            sums[currency] += amount
        for currency, amount in (sums or {"EUR": 0}).items():
            for model in ("first", "last", "linear"):
                shares = weights(model, eligible)
                for touch, share, credit in zip(eligible, shares, divided(amount, shares), strict=True):
                    if share:
                        yield (deal.key, currency, model, touch.source, touch.touch_id), (credit, None)
                if not eligible:
                    nobody = person.contact is None and person.account is None
                    reason = "no_identity" if nobody else "no_touch_in_window" if of_person else "no_touch"
                    yield (deal.key, currency, model, None, None), (amount, reason)


def rows_of(number: int, world: World) -> Iterator[tuple[datasets.Dataset, dict[str, object]]]:
    """The world's rows in the lake; its number keeps it apart from the others."""

    def own(name: str | None) -> str | None:
        return None if name is None else f"{number:04}/{name}"

    for touch in world.touches:
        yield (
            datasets.TOUCHES,
            {
                "source": touch.source,
                "touch_id": own(touch.touch_id),
                "contact_id": own(touch.contact),
                "account_id": own(touch.account),
                "deliverable_id": own(touch.deliverable),
                "touched_at": touch.at,
            },
        )
    for deal in world.deals:
        yield (
            datasets.DEALS,
            {
                "source": "crm",
                "deal_key": own(deal.key),
                "contact_id": own(deal.contact),
                "account_id": own(deal.account),
                "closed_at": deal.at,
                "currency": "EUR",
                "refund_of": own(deal.refund_of),
            },
        )
        for place, (currency, amount) in enumerate(deal.amounts):
            yield (
                datasets.REVENUE,
                {
                    "source": "bank",
                    "revenue_id": own(f"{deal.key}/{place}"),
                    "deal_key": own(deal.key),
                    "amount_minor": amount,
                    "currency": currency,
                },
            )


def made_worlds() -> list[World]:
    made: list[World] = []

    @settings(max_examples=400, database=None, suppress_health_check=list(HealthCheck))
    @given(worlds())
    def collect(world: World) -> None:
        made.append(world)

    collect()
    return made


def test_credit_is_what_the_oracle_says(tmp_path: Path, make_warehouse: MakeWarehouse) -> None:
    made = made_worlds()
    lake: dict[datasets.Dataset, list[dict[str, object]]] = defaultdict(list)
    for number, world in enumerate(made):
        for dataset, row in rows_of(number, world):
            lake[dataset].append(row)
    warehouse = make_warehouse(tmp_path, lake)
    build(warehouse, select=["+fct_attribution_credit", "+fct_revenue"])

    found: dict[int, dict[Key, Credit]] = defaultdict(dict)
    columns = "conversion_id, currency, model, touch_source, touch_id, credit_minor, reason"
    with duckdb.connect(str(warehouse.file), read_only=True) as connection:
        rows = connection.table("marts.fct_attribution_credit").select(columns).fetchall()
    for conversion, currency, model, source, touch_id, credit, reason in rows:
        number, _, key = conversion.partition("/")
        touch = touch_id and touch_id.partition("/")[2]
        assert (key, currency, model, source, touch) not in found[int(number)]
        found[int(number)][key, currency, model, source, touch] = (credit, reason)
    for number, world in enumerate(made):
        assert found[number] == dict(expected(world)), world
    reasons = {reason for of_world in found.values() for _, reason in of_world.values()}
    assert reasons == {None, "no_identity", "no_touch", "no_touch_in_window"}  # else the worlds are too tame
