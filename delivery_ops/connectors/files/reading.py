"""Rows of a CSV or Parquet file as texts by column, one at a time, and what could not be read as a row.

Belongs here: the two formats (told apart by content, not by name), line numbers, the limits that keep a broken file
from filling memory. Does not belong here: what a column means (``mapping``). CSV is RFC 4180 in UTF-8 with a header.
A malformed line is given back as ``Malformed`` and reading goes on with the next line: an unbalanced quote costs its
own line, not the rest of the file. Values stay the very texts of the file: ``007`` is not ``7``.
"""

from __future__ import annotations

import csv
import json
import math
import re
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from delivery_ops.errors import Permanent

LONGEST_RECORD = 1 << 17  # bytes; a longer one is a broken quote or no CSV at all
_PARQUET_MAGIC = b"PAR1"
_BATCH = 10_000
_VALUE = r'(?:"(?:[^"]|"")*"|[^",\r\n]*)'
_WELL_FORMED = re.compile(f"{_VALUE}(?:,{_VALUE})*")
_FAULTS = {
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
    """A source's file cannot be opened, or is neither CSV with a header nor Parquet."""


@contextmanager
def open_rows(path: Path) -> Iterator[Rows]:
    """The rows of the file at ``path``, which is read as they are asked for.

    Raises:
        UnreadableFile: it is missing, may not be read, or has no header.
    """
    with _faults_of(path):
        file = path.open("rb")
    with file:
        with _faults_of(path):
            is_parquet = file.read(len(_PARQUET_MAGIC)) == _PARQUET_MAGIC
            file.seek(0)
            rows = _parquet(file, path) if is_parquet else _csv(file, path)
        yield Rows(columns=rows.columns, items=_guarded(rows.items, path))


def _guarded(items: Iterator[Row | Malformed], path: Path) -> Iterator[Row | Malformed]:
    while True:
        with _faults_of(path):
            item = next(items, None)
        if item is None:
            return
        yield item


@contextmanager
def _faults_of(path: Path) -> Iterator[None]:
    """Whatever the system or pyarrow finds wrong with the file (Arrow's errors are partly ``ValueError``)."""
    try:
        yield
    except (OSError, pa.ArrowException, ValueError, OverflowError) as error:
        raise _unreadable(path, str(error) or type(error).__name__) from error


def _unreadable(path: Path, cause: str) -> UnreadableFile:
    return UnreadableFile(
        "reading a source's file",
        subject=str(path),
        cause=cause,
        remedy="Put a CSV file (UTF-8, comma, header row) or a Parquet file there.",
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Line:
    """One physical line with its line end; ``fault`` says why it has no ``text``."""

    number: int
    data: bytes
    text: str = ""
    fault: str | None = None


def _lines(file: BinaryIO) -> Iterator[_Line]:
    number = 0
    while data := file.readline(LONGEST_RECORD):
        number += 1
        if number == 1:
            data = data.removeprefix(b"\xef\xbb\xbf")  # Excel's byte order mark
        if len(data) == LONGEST_RECORD and not data.endswith(b"\n"):
            while (rest := file.readline(LONGEST_RECORD)) and not rest.endswith(b"\n"):
                pass
            yield _Line(number=number, data=data, fault="too_long")
        elif b"\0" in data:
            yield _Line(number=number, data=data, fault="nul_character")
        else:
            yield _decoded(number, data)


def _decoded(number: int, data: bytes) -> _Line:
    try:
        return _Line(number=number, data=data, text=data.decode())
    except UnicodeDecodeError:
        return _Line(number=number, data=data, fault="not_utf8")


def _csv(file: BinaryIO, path: Path) -> Rows:
    records = _records(_lines(file))
    header = next(records, None)
    if header is None or isinstance(header, Malformed):
        raise _unreadable(path, f"its header row: {header.message}" if header else "it is empty")
    columns = tuple(header[1])
    if "" in columns or len(set(columns)) < len(columns):
        raise _unreadable(path, f"its header has a column twice or without a name: {', '.join(columns)}")
    return Rows(columns=columns, items=(_row(columns, record) for record in records))


def _row(columns: tuple[str, ...], record: tuple[int, list[str], str] | Malformed) -> Row | Malformed:
    if isinstance(record, Malformed):
        return record
    line, values, raw = record
    if len(values) != len(columns):
        message = f"it has {len(values)} values; the header has {len(columns)} columns"
        return Malformed(line=line, code="wrong_column_count", message=message, raw=raw)
    return Row(line=line, values=dict(zip(columns, values, strict=True)), record=raw)


def _records(lines: Iterator[_Line]) -> Iterator[tuple[int, list[str], str] | Malformed]:
    """Records: a physical line, or several while a quote is open. Empty lines are none.

    A record whose quotes are wrong gives up its first line only; those it had swallowed are read again.
    """
    again: deque[_Line] = deque()
    while (first := again.popleft() if again else next(lines, None)) is not None:
        taken, fault = _take_record(first, again, lines)
        raw = "".join(line.text for line in taken).removesuffix("\n").removesuffix("\r")
        if fault is None and ('"' in raw or "\r" in raw) and not _WELL_FORMED.fullmatch(raw):
            fault = "malformed_csv"
        if fault is not None:
            again.extendleft(reversed(taken[1:]))
            yield Malformed(line=first.number, code=fault, message=_FAULTS[fault], raw=_shown(first.data))
        elif raw:
            yield first.number, next(csv.reader([raw], strict=True)), raw


def _take_record(first: _Line, again: deque[_Line], lines: Iterator[_Line]) -> tuple[list[_Line], str | None]:
    """The lines that belong to one record, by the parity of its quotes, and what is wrong with it."""
    taken: list[_Line] = []
    line: _Line | None = first
    is_open, size = False, 0
    while line is not None:
        taken.append(line)
        size += len(line.data)
        if line.fault:
            return taken, line.fault if line is first else "malformed_csv"
        is_open ^= line.text.count('"') % 2 == 1
        if size > LONGEST_RECORD:
            break
        if not is_open:
            return taken, None
        line = again.popleft() if again else next(lines, None)
    return taken, "malformed_csv"


def _shown(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace").replace("\0", "\\x00").rstrip("\r\n")


def _parquet(file: BinaryIO, path: Path) -> Rows:
    parquet = pq.ParquetFile(file)
    schema = parquet.schema_arrow
    names = [field.name for field in schema if not pa.types.is_nested(field.type)]
    if len(set(names)) < len(names):
        raise _unreadable(path, f"it has a column twice: {', '.join(names)}")
    return Rows(columns=tuple(names), items=_parquet_rows(parquet, names))


def _parquet_rows(parquet: Any, names: list[str]) -> Iterator[Row | Malformed]:
    number = 0
    for batch in parquet.iter_batches(batch_size=_BATCH, columns=names):
        for values in batch.to_pylist():
            number += 1
            row = Row(line=number, values={name: _text(value) for name, value in values.items()})
            if any("\0" in text for text in row.values.values()):
                yield Malformed(line=number, code="nul_character", message=_FAULTS["nul_character"], raw=row.raw)
            else:
                yield row


def _text(value: object) -> str:
    """A Parquet value as the text a CSV file would hold: numbers without exponent, times in ISO 8601."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, float):
        return "" if math.isnan(value) else format(Decimal(repr(value)), "f")
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value)
