"""How figures, instants and codes are worded for people, the same on the page and in the terminal.

Belongs here: pure functions from a value to text. Does not belong here: markup, layout, and what a gate's finding
means (its message comes with it). Everything is plain English with a point as the decimal sign.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from delivery_ops.money import to_decimal

NOTHING = "\N{EN DASH}"

VERDICTS = {"pass": "pass", "fail": "fail", "monitor": "fail, monitored only", "error": "could not be measured"}

MODELS = {"first": "first touch", "last": "last touch", "linear": "linear"}

WENT_TO = {
    "deliverable": "carried by deliverables",
    "no_deliverable": "touches of no deliverable",
    "no_touch": "no touch at all",
    "no_touch_in_window": "touches outside the window",
    "no_identity": "nobody to match it with",
}

_BIDI_CONTROLS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"

OUTCOMES = {
    "kept": "kept",
    "duplicate": "duplicate",
    "conflict": "in conflict",
    "rejected": "rejected",
    "matched": "matched",
    "unmatched": "unmatched",
}

COLUMNS = {
    "deliverables": "deliverables",
    "live": "live",
    "pass_rate": "pass rate",
    "impressions": "impressions",
    "clicks": "clicks",
    "touches": "touches",
    "mqls": "MQLs",
    "deals": "deals",
    "worked_minutes": "worked",
    "cost_minor": "cost",
    "credit_minor": "credit",
}

GATE_STATES = VERDICTS | {"not_judged": "not judged"}


def count(number: int) -> str:
    """``12,345``; a true minus before negative numbers."""
    return f"{number:,}".replace("-", "\N{MINUS SIGN}")


def money(amount_minor: int, currency: str) -> str:
    """``1,234.50`` from 123450 minor units of EUR, ``1,234`` from 1234 of JPY; the currency is told beside it."""
    return f"{Decimal(to_decimal(amount_minor, currency)):,f}".replace("-", "\N{MINUS SIGN}")


def major_units(amount_minor: int, currency: str) -> float:
    """The amount in whole currency units, for lengths in a picture only."""
    return float(to_decimal(amount_minor, currency))


def in_order(outcomes: Iterable[str]) -> list[str]:
    """What came of something, each once: what was taken first, then what was not, then what has no words yet."""
    order = {outcome: place for place, outcome in enumerate(OUTCOMES)}
    return sorted(dict.fromkeys(outcomes), key=lambda outcome: order.get(outcome, len(order)))


def money_range(amounts_minor: Iterable[int], currency: str) -> str:
    """``EUR 1.00``, or from the lowest to the highest where they differ: ``EUR 1.00 to 2.00``."""
    amounts = sorted(amounts_minor)
    told = " to ".join(dict.fromkeys(money(amount, currency) for amount in (amounts[0], amounts[-1])))
    return f"{currency} {told}"


def working_time(minutes: int) -> str:
    """``0 min``, ``45 min``, ``2 h``, ``2 h 05 min``."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} min"
    return f"{count(hours)} h {rest:02d} min" if rest else f"{count(hours)} h"


def share(ratio: float | None) -> str:
    """``12.3 %``; what is above nothing and below everything never reads as 0 or 100; a dash where there is none."""
    if ratio is None:
        return NOTHING
    if 0 < ratio < 0.0005:
        return "< 0.1 %"
    if 0.9995 <= ratio < 1:
        return "> 99.9 %"
    told = f"{ratio * 100:.1f} %" if ratio not in (0, 1) else f"{ratio * 100:.0f} %"
    return told.replace("-", "\N{MINUS SIGN}")


def plural(number: int, noun: str, many: str = "") -> str:
    """``1 deal``, ``2 deals``, ``2 properties``."""
    return f"{count(number)} {noun if number == 1 else many or noun + 's'}"


def duration(span: timedelta) -> str:
    """``4.2 s``, ``1 min 05 s``, ``2 h 03 min``."""
    seconds = span.total_seconds()
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def day(value: date) -> str:
    """``Monday, 30 March 2026``."""
    return f"{value:%A}, {value.day} {value:%B %Y}"


def short_day(value: date) -> str:
    """``30 Mar 2026``."""
    return f"{value.day} {value:%b %Y}"


def instant(value: datetime, zone: ZoneInfo) -> str:
    """``30 Mar 2026, 14:00 CEST`` in ``zone``."""
    local = value.astimezone(zone)
    return f"{short_day(local.date())}, {local:%H:%M %Z}"


def named(code: str, words: dict[str, str]) -> str:
    """The words for ``code``; a code that has none yet reads as itself."""
    return words.get(code, code.replace("_", " "))


def printable(text: str) -> str:
    """``text`` with every control, bidi and surrogate character, and every non-character, as its escape.

    They are invalid in XML (on them vl-convert 1.9 aborts the whole process), would steer a terminal, or would
    reverse the words around them.
    """
    return "".join(f"\\u{ord(character):04x}" if _is_unprintable(character) else character for character in text)


def _is_unprintable(character: str) -> bool:
    if character in "\n\t":
        return False
    return unicodedata.category(character) in ("Cc", "Cs", "Cn") or character in _BIDI_CONTROLS


def shortened(text: str, width: int) -> str:
    """``text`` cut in its middle to ``width`` characters: the end of an id tells as much as its beginning."""
    if len(text) <= width:
        return text
    tail = (width - 1) // 2
    return f"{text[: width - 1 - tail]}…{text[-tail:]}"
