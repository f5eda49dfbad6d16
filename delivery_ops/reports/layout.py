"""How the screen at the end of a run is laid out: lines, wrapped texts and tables of 100 columns.

Belongs here: widths, cutting and wrapping; every text is made printable on its way in, so that none steers the
terminal. Does not belong here: what is said (``summary``). A list that is too long is cut before its last line, which
then tells how many more there are.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from delivery_ops.reports import words

COLUMNS = 100
_NAME_WIDTH, _LEAST_NAME_WIDTH = 36, 12

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Screen:
    """Lines laid out for 100 columns whatever the console is, so that a pipe or a log loses no figure."""

    parts: tuple[RenderableType, ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from console.render(Group(*self.parts), options.update_width(COLUMNS))


def first(things: Sequence[T], *, lines: int) -> tuple[Sequence[T], int]:
    """What of ``things`` is shown in ``lines``, one a line, and how many more there are, which takes a line to say."""
    shown = things if len(things) <= lines else things[: lines - 1]
    return shown, len(things) - len(shown)


def line(text: str, style: str = "", *, width: int = COLUMNS) -> Text:
    """``text`` on one line, cut in its middle where it is too long."""
    return Text(_told(text, width), style=style, no_wrap=True, overflow="ellipsis")


def _told(text: str, width: int) -> str:
    """``text`` on one line, its indentation kept."""
    indent = text[: len(text) - len(text.lstrip(" "))]
    return words.shortened(indent + words.printable(" ".join(text.split())), width)


def wrapped(text: str, *, lines: int, style: str = "") -> Text:
    """``text`` over as many lines as it needs, up to ``lines``."""
    told = textwrap.wrap(_printable(text), _width(text), max_lines=lines, placeholder=" …")
    return Text("\n".join(f"  {each}" for each in told), style=style, no_wrap=True)


def sentences(title: str, said: Sequence[str], *, lines: int) -> Text:
    """As many of ``said`` behind ``title`` as ``lines`` hold, whole, and how many more the report has."""
    for number in range(len(said), 0, -1):
        more = f" · and {len(said) - number} more, which the report has" if number < len(said) else ""
        text = f"{title}: {' · '.join(said[:number])}{more}"
        if len(textwrap.wrap(_printable(text), _width(text))) <= lines:
            break
    return wrapped(text, lines=lines, style="dim")


def _printable(text: str) -> str:
    return words.printable(" ".join(text.split()))


def _width(text: str) -> int:
    """Of a wrapped line, in characters; a character may be two cells wide."""
    told = _printable(text)
    return COLUMNS - 2 if cell_len(told) == len(told) else COLUMNS // 2 - 1


def table(headers: list[str], rows: list[tuple[str, list[Text]]]) -> Table:
    """Figures right-aligned and whole; the names before them get the width that the figures leave."""
    laid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    figures = [max(map(len, column)) for column in zip(headers[1:], *(cells for _, cells in rows), strict=True)]
    width = max(COLUMNS - sum(figures) - 2 * len(figures), _LEAST_NAME_WIDTH)
    laid.add_column(words.shortened(headers[0], width), no_wrap=True)
    for header in headers[1:]:
        laid.add_column(header, justify="right", no_wrap=True)
    for name, cells in rows:
        laid.add_row(Text(f"  {_told(name, min(width - 2, _NAME_WIDTH))}"), *cells)
    return laid
