"""Which touch must get how much of which conversion, by plain arithmetic in fractions.

Belongs here: the attribution of the invented deals, written as the rules read (window ``(t - 30 x 86,400 s, t]``,
account before contact, order by time and id, Hamilton's largest remainder, a refund as of what it takes back), with no
regard for speed. It shares no code with the product. Only tests read it, through ``truth``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from delivery_ops.simulator.cases import WINDOW
from delivery_ops.simulator.records import Agency, Deal, Touch

MODELS = ("first", "last", "linear")


@dataclass(frozen=True, kw_only=True, slots=True)
class Conversion:
    """One deal in one currency, or (``deal_key`` is ``None``) one revenue row that no deal explains.

    ``eligible``: touches in order. ``reason``: why there are none. ``is_refund``: it takes another one back.
    """

    deal_key: str | None
    revenue_id: str | None
    currency: str
    amount_minor: int
    eligible: tuple[Touch, ...]
    reason: str | None
    is_refund: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Credit:
    """What a model gives to a touch of a conversion; ``touch_id`` is ``None`` on the unattributed row."""

    deal_key: str | None
    revenue_id: str | None
    currency: str
    model: str
    touch_id: str | None
    deliverable_id: str | None
    reason: str | None
    credit_minor: int


def conversions(agency: Agency) -> tuple[Conversion, ...]:
    """Every conversion, of deals first."""
    return (*_of_deals(agency), *_without_deal(agency))


def credits_of(conversion: Conversion) -> Iterator[Credit]:
    """Every row with a weight above zero, model by model."""
    for model in MODELS:
        if not conversion.eligible:
            yield _credit(conversion, model, conversion.amount_minor, None)
            continue
        weights = _weights(model, len(conversion.eligible))
        cents = allocate(conversion.amount_minor, weights)
        for touch, weight, credit in zip(conversion.eligible, weights, cents, strict=True):
            if weight:
                yield _credit(conversion, model, credit, touch)


def allocate(amount_minor: int, weights: Sequence[Fraction]) -> list[int]:
    """``amount_minor`` in whole units by ``weights``: floors, then one unit each to the largest remainders, equal
    ones in order; a negative amount is the mirror of its positive."""
    exact = [abs(amount_minor) * weight for weight in weights]
    shares = [int(share) for share in exact]
    by_remainder = sorted(range(len(exact)), key=lambda at: (shares[at] - exact[at], at))
    for at in by_remainder[: abs(amount_minor) - sum(shares)]:
        shares[at] += 1
    return shares if amount_minor >= 0 else [-share for share in shares]


def _weights(model: str, count: int) -> list[Fraction]:
    if model == "linear":
        return [Fraction(1, count)] * count
    chosen = 0 if model == "first" else count - 1
    return [Fraction(int(at == chosen)) for at in range(count)]


def _of_deals(agency: Agency) -> Iterator[Conversion]:
    by_key = {deal.deal_key: deal for deal in agency.deals}
    for deal in agency.deals:
        amounts: dict[str, int] = {}
        for row in agency.revenue:
            if row.deal_key == deal.deal_key:
                amounts[row.currency] = amounts.get(row.currency, 0) + row.amount_minor
        won = by_key.get(deal.refund_of or "", deal)
        theirs = [touch for touch in agency.touches if _is_same(won, touch)]
        inside = [t for t in theirs if won.closed_at - WINDOW < t.touched_at <= won.closed_at]
        for currency, amount in sorted((amounts or {deal.currency: 0}).items()):
            yield Conversion(
                deal_key=deal.deal_key,
                revenue_id=None,
                currency=currency,
                amount_minor=amount,
                eligible=tuple(sorted(inside, key=lambda touch: (touch.touched_at, touch.touch_id))),
                reason=None if inside else _reason(won, theirs),
                is_refund=won is not deal,
            )


def _is_same(deal: Deal, touch: Touch) -> bool:
    if deal.account_id and touch.account_id:
        return deal.account_id == touch.account_id
    return deal.contact_id == touch.contact_id


def _reason(deal: Deal, theirs: Sequence[Touch]) -> str:
    if not deal.contact_id and not deal.account_id:
        return "no_identity"
    return "no_touch_in_window" if theirs else "no_touch"


def _without_deal(agency: Agency) -> Iterator[Conversion]:
    known = {deal.deal_key for deal in agency.deals}
    for row in agency.revenue:
        if row.deal_key not in known:
            yield Conversion(
                deal_key=None,
                revenue_id=row.revenue_id,
                currency=row.currency,
                amount_minor=row.amount_minor,
                eligible=(),
                reason="no_identity",
            )


def _credit(conversion: Conversion, model: str, credit_minor: int, touch: Touch | None) -> Credit:
    return Credit(
        deal_key=conversion.deal_key,
        revenue_id=conversion.revenue_id,
        currency=conversion.currency,
        model=model,
        touch_id=touch.touch_id if touch else None,
        deliverable_id=touch.deliverable_id if touch else None,
        reason=conversion.reason,
        credit_minor=credit_minor,
    )
