"""Money is an integer of minor units with an ISO 4217 code; here decimals become that, exactly or not at all.

Belongs here: the currencies with their number of decimals (ISO 4217 list one, and what left it since 2020, which old
bookings carry), the largest amount, and the two conversions. Does not belong here: exchange rates, and sharing an
amount out.
"""

from __future__ import annotations

import re

_CODES_BY_DECIMALS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: (
        "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE "
        "CHF CHW CNY COP COU CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD "
        "HNL HRK HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP "
        "MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR "
        "SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED "
        "VES WST XCD XCG YER ZAR ZMW ZWG ZWL"
    ),
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_DECIMALS = {code: places for places, codes in _CODES_BY_DECIMALS.items() for code in codes.split()}
CURRENCIES = frozenset(_DECIMALS)
LARGEST_MINOR = 10**15
"""The largest amount that is taken, of either sign, in minor units: sums of many such fit 64 bits."""
_AMOUNT = re.compile(r"([+-]?)([0-9]{1,30})(?:\.([0-9]{1,30}))?")


def decimals(currency: str) -> int:
    """How many decimals ``currency`` has: JPY 0, EUR 2, BHD 3, CLF 4.

    Raises:
        ValueError: it is no ISO 4217 code.
    """
    try:
        return _DECIMALS[currency]
    except KeyError:
        msg = f"{currency!r} is no ISO 4217 currency code, such as EUR"
        raise ValueError(msg) from None


def to_minor_units(amount: str, currency: str) -> int:
    """``"63976.36"`` in BRL is 6397636. Nothing is rounded.

    Raises:
        ValueError: ``amount`` is no plain decimal number with a point, or has more decimals than the currency.
    """
    places = decimals(currency)
    parts = _AMOUNT.fullmatch(amount)
    if parts is None:
        msg = f"{amount!r:.60} is no decimal number, such as 1234.50"
        raise ValueError(msg)
    sign, whole, fraction = parts.groups(default="")
    if fraction[places:].strip("0"):
        msg = f"{amount} has more than the {places} decimals of {currency}"
        raise ValueError(msg)
    minor = int(whole + fraction[:places].ljust(places, "0"))
    return -minor if sign == "-" else minor


def to_decimal(amount_minor: int, currency: str) -> str:
    """6397636 in BRL is ``"63976.36"``; the inverse of ``to_minor_units``.

    Raises:
        ValueError: ``currency`` is no ISO 4217 code.
    """
    places = decimals(currency)
    digits = str(abs(amount_minor)).rjust(places + 1, "0")
    text = f"{digits[:-places]}.{digits[-places:]}" if places else digits
    return f"-{text}" if amount_minor < 0 else text
