"""What reading a file yields, whatever its format: rows, lines that are none, or the word that it cannot be used.

Belongs here: those records. Does not belong here: the formats (``csv_rows``, ``parquet_rows``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from delivery_ops.errors import Permanent

LONGEST_RECORD = 1 << 17  # bytes; a longer one is a broken quote or no CSV at all
FAULTS = {
    "not_utf8": "it is not UTF-8",
    "too_long": f"it is longer than {LONGEST_RECORD} bytes",
    "nul_character": "it holds the character NUL",
    "malformed_csv": "a quote or a line end stands where CSV (RFC 4180) has none",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One row: ``line`` counts from 1 (in Parquet: the row's number), an absent value is the empty text."""

    line: int
    values: dict[str, str]
    record: str | None = None

    @property
    def raw(self) -> str:
        """The row as it stands in the file; for Parquet as JSON."""
        return json.dumps(self.values, ensure_ascii=False) if self.record is None else self.record


@dataclass(frozen=True, kw_only=True, slots=True)
class Malformed:
    """A line that is no row, with a stable ``code`` and the reason in words. ``raw`` shows stray bytes as escapes."""

    line: int
    code: str
    message: str
    raw: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Rows:
    """An open file: the names of its ``columns`` and an iterator over its rows.

    Iterating raises ``UnreadableFile`` where the file turns out to be damaged.
    """

    columns: tuple[str, ...]
    items: Iterator[Row | Malformed]


class UnreadableFile(Permanent):
    """A source's file cannot be opened, is neither CSV with a header nor Parquet, or lacks a column."""


def unreadable(path: Path, cause: str) -> UnreadableFile:
    return UnreadableFile(
        "reading a source's file",
        subject=str(path),
        cause=cause,
        remedy="Put a CSV file (UTF-8, comma, header row) or a Parquet file there.",
    )
