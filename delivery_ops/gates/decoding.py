"""Undoing a response's content encoding without letting it fill the memory.

Belongs here: gzip with a bound on what may come out. Does not belong here: reading from the wire. 64 MiB of zeros
travel as 65 KB of gzip, so every step decodes at most ``_STEP`` bytes before the bounds are asked again; ready-made
clients hand out a whole bomb as one chunk. Only what the request asked for is accepted: one layer of gzip, or none.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Literal

from delivery_ops.gates.failures import PageNotMeasured

MAX_WIRE_BYTES = 5 << 20
MAX_DECODED_BYTES = 20 << 20
MAX_RATIO = 100
RATIO_FLOOR = 1 << 20  # smaller bodies may be as repetitive as they like

_STEP = 1 << 16
_GZIP = 16 + zlib.MAX_WBITS


def decoded_body(chunks: Iterable[bytes], *, content_encoding: str, subject: str) -> bytes:
    """The body that ``chunks`` carry under ``content_encoding``.

    Raises:
        PageNotMeasured: code ``encoding`` for any other encoding or broken data, ``too_large`` beyond the bounds.
    """
    wire = _bounded(chunks, subject)
    encoding = content_encoding.strip().lower()
    if encoding in {"", "identity"}:
        return b"".join(wire)
    if encoding not in {"gzip", "x-gzip"}:
        raise _failure(subject, f"the body comes as {content_encoding[:80]!r}; asked for was gzip", "encoding")
    try:
        return _gunzipped(wire, subject)
    except zlib.error as error:
        raise _failure(subject, f"the gzip data is broken ({error})", "encoding") from error


def _bounded(chunks: Iterable[bytes], subject: str) -> Iterator[bytes]:
    received = 0
    for chunk in chunks:
        received += len(chunk)
        if received > MAX_WIRE_BYTES:
            raise _failure(subject, f"the body is larger than {MAX_WIRE_BYTES >> 20} MiB", "too_large")
        yield chunk


def _gunzipped(wire: Iterable[bytes], subject: str) -> bytes:
    body = bytearray()
    received = 0
    inflate = zlib.decompressobj(_GZIP)
    for chunk in wire:
        received += len(chunk)
        pending = chunk
        while pending and not inflate.eof:
            body += inflate.decompress(pending, _STEP)
            pending = inflate.unconsumed_tail
            if len(body) > MAX_DECODED_BYTES:
                raise _failure(subject, f"the body unpacks to more than {MAX_DECODED_BYTES >> 20} MiB", "too_large")
            if len(body) > RATIO_FLOOR and len(body) > MAX_RATIO * received:
                raise _failure(subject, f"the body unpacks to more than {MAX_RATIO} times its size", "too_large")
    if not inflate.eof:
        raise _failure(subject, "the gzip data ends early", "encoding")
    return bytes(body)


def _failure(subject: str, cause: str, code: Literal["encoding", "too_large"]) -> PageNotMeasured:
    return PageNotMeasured(
        "reading a page's body",
        subject=subject,
        cause=cause,
        remedy="The site must send the page as HTML of ordinary size, plain or in one layer of gzip.",
        code=code,
    )
