"""What measuring a page yields: a row of facts for the suite, and the details behind them for people.

Belongs here: the record types every gate's evidence shares, and how text from a stranger's page is quoted. Does not
belong here: measuring (one module per gate) and judging (``suites``). A detail names the rule it may fail by its code;
whether it does, and how severely, only the suite decides.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import ClassVar


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


def quoted(text: str, limit: int = 80) -> str:
    """``text`` in quotes, shortened, with everything escaped that is no printable character: a page's text must not
    carry control characters or lone surrogates into events and reports."""
    return repr(text if len(text) <= limit else f"{text[: limit - 1]}…")


def plain(text: str, limit: int = 300) -> str:
    """``text`` as one printable line of at most ``limit`` characters, to be kept as a fact."""
    line = " ".join(text.split())[:limit]
    return "".join(char if char.isprintable() else "\ufffd" for char in line)
