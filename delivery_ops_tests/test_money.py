"""A cent lost at the door cannot be found by any later check, so amounts are exact or refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_ops.money import decimals, to_decimal, to_minor_units


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("63976.36", "BRL", 6397636),
        ("145.0", "BRL", 14500),
        ("145", "EUR", 14500),
        ("0.1", "EUR", 10),
        ("-0.01", "EUR", -1),
        ("+7.5", "EUR", 750),
        ("1234", "JPY", 1234),
        ("1234.00", "JPY", 1234),
        ("1.234", "BHD", 1234),
        ("1.2345", "CLF", 12345),
        ("99999999999999999.99", "USD", 9999999999999999999),
        ("007.10", "EUR", 710),
    ],
)
def test_an_amount_is_exactly_this_many_minor_units(amount: str, currency: str, minor: int) -> None:
    assert to_minor_units(amount, currency) == minor


@pytest.mark.parametrize(
    ("amount", "currency", "said"),
    [
        ("1.005", "EUR", "more than the 2 decimals"),
        ("0.5", "JPY", "more than the 0 decimals"),
        ("1.2345", "BHD", "more than the 3 decimals"),
        *[
            (bad, "EUR", "no decimal number")
            for bad in ("", "1,50", "1.234,50", "€5", "1e3", "nan", ".5", "5.", "٣", "--1")
        ],
        ("1", "EURO", "no ISO 4217"),
        ("1", "eur", "no ISO 4217"),
        ("1", "", "no ISO 4217"),
        ("1", "XXX", "no ISO 4217"),
    ],
)
def test_anything_else_is_refused_and_never_rounded(amount: str, currency: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        to_minor_units(amount, currency)


@given(minor=st.integers(-(10**18), 10**18), currency=st.sampled_from(["JPY", "EUR", "BHD", "CLF"]))
def test_decimal_and_minor_units_are_two_spellings_of_one_amount(minor: int, currency: str) -> None:
    text = to_decimal(minor, currency)
    assert to_minor_units(text, currency) == minor
    assert Decimal(text) * 10 ** decimals(currency) == minor
