"""Canonical events from a file, one JSON object a line, into the ledger, with the balance of every line.

Belongs here: reading lines and what becomes of each. Does not belong here: what becomes of an unknown
deliverable (the ``Registrar`` decides), and other ways in. Events enter a batch at a time in file order, each
batch in one transaction, so a broken-off run is finished by running it again: what was kept is a duplicate then.
"""

from __future__ import annotations

import codecs
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Protocol

from delivery_ops import clock, progress
from delivery_ops.contracts.envelope import EventDraft
from delivery_ops.contracts.strict_json import MAX_BYTES, parse_json_strict
from delivery_ops.contracts.wire import from_wire
from delivery_ops.errors import BadUsage, Rejected
from delivery_ops.ledger.balance import Balance
from delivery_ops.ledger.ledger import Ledger
from delivery_ops.ledger.rejections import Rejection
from delivery_ops.ledger.settle import AppendResult

BATCH = 1000


class Registrar(Protocol):
    """Decides what becomes of events about deliverables that nobody registered."""

    def prepare(self, drafts: Sequence[EventDraft]) -> list[EventDraft | Rejected]:
        """Every draft in its order, under its own key: as it should be appended (with the client it did not name,
        say), or in its place the ``Rejected``. A ``deliverable.registered`` of the registrar's own stands before
        the first draft that needs it. The drafts given keep their contracts."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class LineResult:
    """What became of one line; ``number`` counts from 1."""

    number: int
    result: AppendResult


@dataclass(frozen=True, kw_only=True, slots=True)
class _Line:
    number: int
    body: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class _Refused:
    line: _Line
    source: str
    idempotency_key: str | None
    error: Rejected


def append_ndjson(
    ledger: Ledger,
    path_or_lines: Path | Iterable[bytes],
    registrar: Registrar,
    *,
    origin: str | None = None,
    refused: Callable[[LineResult], None] | None = None,
) -> Balance:
    """Append every line that is not blank; a line that cannot be kept is a stored rejection with its number.

    Args:
        origin: what the lines are called in a rejection; default: the file's name.
        refused: told each line that came to a conflict or a rejection.

    Raises:
        BadUsage: the file cannot be read.
    """
    if not isinstance(path_or_lines, Path):
        return _append_lines(ledger, path_or_lines, registrar, origin or "lines", refused)
    origin = origin or _printable(path_or_lines.name)
    with progress.stage(f"Appending {origin}") as tell:
        return _append_lines(ledger, _lines_of(path_or_lines, tell), registrar, origin, refused)


def _append_lines(
    ledger: Ledger,
    lines: Iterable[bytes],
    registrar: Registrar,
    origin: str,
    refused: Callable[[LineResult], None] | None,
) -> Balance:
    full = (_Line(number=n, body=line.rstrip(b"\r\n")) for n, line in enumerate(lines, 1) if line.strip())
    total = Balance()
    while batch := list(islice(full, BATCH)):
        results = _append(ledger, batch, registrar, origin)
        balance = Balance.of(len(batch), (line.result.outcome for line in results))
        ledger.log_intake(origin, balance)
        total += balance
        for line in results:
            if refused and line.result.reason is not None:
                refused(line)
    return total


def _append(ledger: Ledger, batch: list[_Line], registrar: Registrar, origin: str) -> list[LineResult]:
    """The result of every line of ``batch``, in order of their numbers."""
    now = clock.now()
    read = [_read(ledger, line, origin, now) for line in batch]
    refused = [item for item in read if isinstance(item, _Refused)]
    drafts = [(line, item) for line, item in zip(batch, read, strict=True) if isinstance(item, EventDraft)]
    accepted: list[tuple[_Line | None, EventDraft]] = []
    for at, item in prepared([draft for _, draft in drafts], registrar):
        line = None if at is None else drafts[at][0]
        if isinstance(item, EventDraft):
            accepted.append((line, item))
        elif at is not None:
            refused.append(_refused(*drafts[at], item))
    ledger.reject([_rejection(item, origin) for item in refused])
    appended = ledger.append([draft for _, draft in accepted])
    results = [LineResult(number=item.line.number, result=AppendResult.rejected(item.error)) for item in refused]
    results += [
        LineResult(number=line.number, result=result)
        for (line, _), result in zip(accepted, appended, strict=True)
        if line is not None
    ]
    return sorted(results, key=lambda line: line.number)


def _read(ledger: Ledger, line: _Line, origin: str, now: datetime) -> EventDraft | _Refused:
    source, idempotency_key = origin, None
    try:
        draft = from_wire(parse_json_strict(line.body))
        source, idempotency_key = draft.source, draft.idempotency_key
        return ledger.admit_from_outside(draft, now=now)
    except Rejected as error:
        return _Refused(line=line, source=source, idempotency_key=idempotency_key, error=error)


def prepared(drafts: Sequence[EventDraft], registrar: Registrar) -> Iterator[tuple[int | None, EventDraft | Rejected]]:
    """What ``registrar`` makes of ``drafts``, each item with the index of the draft that it answers; ``None`` for a
    registration that was put in."""
    at = 0
    for item in registrar.prepare(drafts):
        if isinstance(item, EventDraft) and not (at < len(drafts) and _same_key(item, drafts[at])):
            yield None, item
            continue
        if at == len(drafts):
            raise ValueError("the registrar answered more drafts than it was given")
        yield at, item
        at += 1
    if at < len(drafts):
        raise ValueError(f"the registrar did not answer for draft {at}")


def _refused(line: _Line, draft: EventDraft, error: Rejected) -> _Refused:
    return _Refused(line=line, source=draft.source, idempotency_key=draft.idempotency_key, error=error)


def _same_key(item: EventDraft, draft: EventDraft) -> bool:
    return (item.source, item.idempotency_key) == (draft.source, draft.idempotency_key)


def _rejection(item: _Refused, origin: str) -> Rejection:
    origin = f"{origin}, line {item.line.number}"
    return Rejection.of(
        item.error, source=item.source, body=item.line.body, origin=origin, idempotency_key=item.idempotency_key
    )


def _printable(name: str) -> str:
    """A file name may hold bytes that are no UTF-8, and then cannot be stored as it is."""
    return os.fsencode(name).decode("utf-8", errors="replace")


def _lines_of(path: Path, tell: progress.Tell) -> Iterator[bytes]:
    """The file's lines, without the byte order mark that some programs begin a file in UTF-8 with.

    Of a line that is too large to be an event only the beginning: enough to be refused for it.
    ``tell`` is told how many bytes are read, once a batch."""
    try:
        with path.open("rb") as file:
            size, read = os.fstat(file.fileno()).st_size, 0  # a pipe has the size 0
            if file.peek().startswith(codecs.BOM_UTF8):
                file.read(len(codecs.BOM_UTF8))
            for number, line in enumerate(iter(partial(file.readline, MAX_BYTES + 1), b""), 1):
                yield line
                part = line
                while not part.endswith(b"\n") and (part := file.readline(MAX_BYTES + 1)):
                    read += len(part)
                read += len(line)
                if number % BATCH == 0:
                    tell(read, max(read, size))
            tell(read, max(read, size))
    except OSError as error:
        raise BadUsage(
            "appending events",
            subject=str(path),
            cause=error.strerror or str(error),
            remedy="Name a readable file with one JSON event a line.",
        ) from error
