"""What measuring a page yields: a row of facts for the suite, and the details behind them for people.

Belongs here: the record types every gate's evidence shares, and how text from a stranger's page is quoted. Does not
belong here: measuring (one module per gate) and judging (``suites``). A detail names the rule it may fail by its code;
whether it does, and how severely, only the suite decides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import ClassVar

DETAILS_PER_CODE = 20  # a page with a hundred thousand broken things is told twenty, and how many there are


@dataclass(frozen=True, kw_only=True, slots=True)
class Detail:
    """One observation: ``code`` of the rule it belongs to, what was seen, and where on the page (``None``: nowhere in
    particular)."""

    code: str
    message: str
    where: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """One row of scalars, the same columns for every page of a gate. ``None`` = not measured on this page, so that no
    rule on that column applies; a page that is gone has only its ``http_status``."""

    gate: ClassVar[str]

    http_status: int

    def as_row(self) -> dict[str, int | str | None]:
        """Column → value."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """One gate's measurement of one page."""

    facts: Facts
    details: tuple[Detail, ...] = ()


class Details:
    """Collects a page's details: counts all of them, keeps the first of each code."""

    def __init__(self) -> None:
        self._kept: list[Detail] = []
        self._counts: Counter[str] = Counter()

    def add(self, code: str, message: str, where: str | Callable[[], str] | None = None) -> None:
        """Take one. A ``where`` that can be asked is asked only if it is kept: it may cost a walk through the page."""
        if not self.is_full(code):
            self._kept.append(Detail(code=code, message=message, where=where() if callable(where) else where))
        self._counts[code] += 1

    def is_full(self, code: str) -> bool:
        """Whether one more of ``code`` would only be counted."""
        return self._counts[code] >= DETAILS_PER_CODE

    def count(self, code: str) -> int:
        """How many of ``code`` there are."""
        return self._counts[code]

    def told(self) -> tuple[Detail, ...]:
        """Those kept, and for each code how many more there are."""
        more = {code: count - DETAILS_PER_CODE for code, count in self._counts.items() if count > DETAILS_PER_CODE}
        return (*self._kept, *(Detail(code=code, message=f"and {n} more", where=None) for code, n in more.items()))


def quoted(text: str, limit: int = 80) -> str:
    """``text`` in quotes, shortened, with everything escaped that is no printable character: a page's text must not
    carry control characters or lone surrogates into events and reports."""
    return repr(text if len(text) <= limit else f"{text[: limit - 1]}…")


def plain(text: str, limit: int = 300) -> str:
    """``text`` as one printable line of at most ``limit`` characters, to be kept as a fact."""
    line = " ".join(text.split())[:limit]
    return "".join(char if char.isprintable() else "\ufffd" for char in line)
