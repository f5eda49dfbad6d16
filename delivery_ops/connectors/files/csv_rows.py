"""CSV as RFC 4180 has it, in UTF-8 with a header; a broken line costs itself and no other.

Belongs here: lines, records and their quotes. Does not belong here: opening the file (``reading``). A malformed line is
given back as ``Malformed`` and reading goes on with the next: an unbalanced quote does not swallow the rest.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from delivery_ops.connectors.files.rows import FAULTS, LONGEST_RECORD, Malformed, Row, Rows, unreadable

_VALUE = r'(?:"(?:[^"]|"")*"|[^",\r\n]*)'
_WELL_FORMED = re.compile(f"{_VALUE}(?:,{_VALUE})*")


def csv_rows(file: BinaryIO, path: Path) -> Rows:
    """The rows of the open CSV file ``file``, which lies at ``path``.

    Raises:
        UnreadableFile: it has no header that can be used.
    """
    records = _records(_lines(file))
    header = next(records, None)
    if header is None or isinstance(header, Malformed):
        raise unreadable(path, f"its header row: {header.message}" if header else "it is empty")
    columns = tuple(header[1])
    if "" in columns or len(set(columns)) < len(columns):
        raise unreadable(path, f"its header has a column twice or without a name: {', '.join(columns)}")
    return Rows(columns=columns, items=(_row(columns, record) for record in records))


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
            yield Malformed(line=first.number, code=fault, message=FAULTS[fault], raw=_shown(first.data))
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
