"""Remarkable customers: one per corner of attribution, each with contacts and a deal of its own.

Belongs here: the cases that must come out exactly, with what makes each of them special, the same for every seed.
Does not belong here: the credit they should get; ``truth`` computes it for these as for all others.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from delivery_ops.simulator.crm import Customers
from delivery_ops.simulator.records import Deal, RevenueRow, Touch

WINDOW = timedelta(seconds=30 * 86_400)
# Berlin's clocks jumped that night: 30 calendar days before are an hour off 30 days of 86,400 s.
_CLOSED_AT = datetime(2026, 3, 29, 14, 30, tzinfo=UTC)
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Met:
    """A touch, ``before`` the deal closed (negative: after). ``contact``: "" is the deal's own."""

    touch_id: str
    deliverable_id: str
    before: timedelta
    contact: str = ""
    account: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One deal, what it booked (minor units, currency) and who met what before it."""

    name: str
    why: str
    client_id: str
    booked: tuple[tuple[int, str], ...]
    met: tuple[_Met, ...] = ()
    account: str | None = None
    known_contact: bool = True
    refund_of: str | None = None

    @property
    def deal_key(self) -> str:
        """The key under which the CRM knows the deal."""
        return f"{self.client_id}-d-{self.name.replace('_', '-')}"

    @property
    def closed_at(self) -> datetime:
        """One instant for all, but for refunds, which come an hour later."""
        return _CLOSED_AT + (timedelta(hours=1) if self.refund_of else timedelta())


def _met(touch_id: str, deliverable_id: str, before: timedelta, contact: str = "", account: str | None = None) -> _Met:
    return _Met(touch_id=touch_id, deliverable_id=deliverable_id, before=before, contact=contact, account=account)


CASES = (
    Case(
        name="lower_edge",
        why="30 days before to the second is outside the window, one second later is inside",
        client_id="halden",
        booked=((120_000, "EUR"),),
        met=(
            _met("t1", "halden-art-03", WINDOW),
            _met("t2", "halden-prd-01", WINDOW - _SECOND),
            _met("t3", "halden-cat-01", 10 * _DAY),
        ),
    ),
    Case(
        name="refund",
        why="takes lower_edge back: it counts as of that conversion's instant, so the net is nothing for each touch",
        client_id="halden",
        booked=((-120_000, "EUR"),),
        refund_of="halden-d-lower-edge",
    ),
    Case(
        name="only_at_lower_edge",
        why="its only touch is just outside the window",
        client_id="halden",
        booked=((64_000, "EUR"),),
        met=(_met("t1", "halden-prd-01", WINDOW),),
    ),
    Case(
        name="upper_edge",
        why="a touch at the instant of the conversion counts, one second later it does not",
        client_id="halden",
        booked=((31_050, "EUR"),),
        met=(
            _met("t1", "halden-cat-01", 2 * _DAY),
            _met("t2", "halden-art-03", 0 * _DAY),
            _met("t3", "halden-prd-01", -_SECOND),
        ),
    ),
    Case(
        name="tie",
        why="two touches at one instant come first and two come last; byte order of the ids decides (t10 before t9)",
        client_id="halden",
        booked=((10_001, "EUR"),),
        met=(
            _met("t9", "halden-art-03", 5 * _DAY),
            _met("t10", "halden-prd-01", 5 * _DAY),
            _met("t4", "halden-cat-01", _DAY),
            _met("t3", "halden-art-03", _DAY),
        ),
    ),
    Case(
        name="uneven_cent",
        why="100.00 over three touches",
        client_id="halden",
        booked=((10_000, "EUR"),),
        met=(
            _met("t1", "halden-prd-01", 20 * _DAY),
            _met("t2", "halden-art-03", 12 * _DAY),
            _met("t3", "halden-cat-01", 3 * _DAY),
        ),
    ),
    Case(
        name="no_touch",
        why="its contact never touched anything",
        client_id="halden",
        booked=((275_000, "EUR"),),
    ),
    Case(
        name="no_identity",
        why="the CRM knows neither its contact nor its account",
        client_id="halden",
        booked=((88_000, "EUR"),),
        known_contact=False,
    ),
    Case(
        name="no_revenue",
        why="won, but nothing is booked: a conversion of nothing",
        client_id="halden",
        booked=(),
        met=(_met("t1", "halden-prd-01", 4 * _DAY),),
    ),
    Case(
        name="two_currencies",
        why="booked in two currencies, one of them without decimals: two conversions",
        client_id="halden",
        booked=((49_999, "EUR"), (125_001, "JPY")),
        met=(_met("t1", "halden-art-03", 9 * _DAY), _met("t2", "halden-prd-01", 3 * _DAY)),
    ),
    Case(
        name="credit_note",
        why="a later credit note takes part of it back",
        client_id="pellworm",
        booked=((90_000, "GBP"), (-15_001, "GBP")),
        met=(_met("t1", "pellworm-prd-02", 8 * _DAY), _met("t2", "pellworm-prd-02", 2 * _DAY)),
    ),
    Case(
        name="net_negative",
        why="the sum is negative and splits unevenly",
        client_id="pellworm",
        booked=((-7_501, "GBP"),),
        met=(_met("t1", "pellworm-prd-02", 6 * _DAY), _met("t2", "pellworm-prd-02", 1 * _DAY)),
    ),
    Case(
        name="account_wide",
        why="colleagues count, the contact's earlier employer does not, an unknown employer is matched by contact",
        client_id="mirava",
        booked=((1_000_000, "EUR"),),
        account="mirava-a900",
        met=(
            _met("t1", "mirava-art-01", 20 * _DAY),
            _met("t2", "mirava-art-01", 9 * _DAY, contact="colleague", account="mirava-a900"),
            _met("t3", "mirava-art-01", 5 * _DAY, account="mirava-a901"),
        ),
    ),
    Case(
        name="no_account_on_the_deal",
        why="the deal names a contact only, so its touches match by contact whatever their account",
        client_id="mirava",
        booked=((730_001, "EUR"),),
        met=(
            _met("t1", "mirava-art-01", 7 * _DAY, account="mirava-a902"),
            _met("t2", "mirava-art-01", 6 * _DAY, contact="colleague", account="mirava-a902"),
        ),
    ),
)

# Booked without a deal: with no key at all, and with one the CRM does not know.
WITHOUT_DEAL = (
    RevenueRow(
        revenue_id="halden-r-counter",
        deal_key=None,
        amount_minor=4_990,
        currency="EUR",
        booked_on=datetime(2026, 3, 20, tzinfo=UTC).date(),
    ),
    RevenueRow(
        revenue_id="pellworm-r-unknown-deal",
        deal_key="pellworm-d-unknown",
        amount_minor=12_345,
        currency="GBP",
        booked_on=datetime(2026, 3, 23, tzinfo=UTC).date(),
    ),
)


def remarkable_customers() -> Customers:
    """Every case as the CRM and the billing system know it."""
    found = Customers(revenue=WITHOUT_DEAL)
    for case in CASES:
        found += _as_known(case)
    return found


def _as_known(case: Case) -> Customers:
    contact = f"{case.client_id}-c-{case.name.replace('_', '-')}"
    deal = Deal(
        deal_key=case.deal_key,
        contact_id=contact if case.known_contact else None,
        account_id=case.account,
        closed_at=case.closed_at,
        currency="GBP" if case.client_id == "pellworm" else "EUR",
        refund_of=case.refund_of,
    )
    touches = tuple(
        Touch(
            touch_id=f"{contact}-{met.touch_id}",
            contact_id=f"{contact}-{met.contact}" if met.contact else contact,
            account_id=met.account,
            deliverable_id=met.deliverable_id,
            channel="organic",
            touch_type="view",
            milestone=None,
            touched_at=case.closed_at - met.before,
        )
        for met in case.met
    )
    revenue = tuple(
        RevenueRow(
            revenue_id=f"{case.deal_key}-r{number}",
            deal_key=case.deal_key,
            amount_minor=amount,
            currency=currency,
            booked_on=case.closed_at.date(),
        )
        for number, (amount, currency) in enumerate(case.booked, 1)
    )
    return Customers(touches=touches, deals=(deal,), revenue=revenue)
