"""What a request must be before anything reads it: one host, headers of sane size, a body that arrives and ends.

Belongs here: the checks that the parser (httptools) leaves open, and reading a body. Does not belong here: what any
header or body says. Two servers in a row that understand one request differently are how requests are smuggled.
"""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from delivery_ops.contracts.strict_json import MAX_BYTES
from delivery_ops.web.answers import Problem, problem

MAX_HEADERS = 100
MAX_HEADER_BYTES = 32 << 10
MAX_DRAINED = 8 * MAX_BYTES
"""So much of a body that is too large is read and dropped: a sender that cannot end its sending sees no answer."""
BODY_SECONDS = 20.0


class Framing:
    """Answers 400 to a request that is not well formed, and hands on the others."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (fault := _fault(scope["headers"])):
            await problem(Problem(400, "malformed_framing", fault))(scope, receive, send)
            return
        await self._app(scope, receive, send)


async def read_body(request: Request) -> bytes:
    """All of the body.

    Raises:
        Problem: 413, it is larger than 1 MiB, or says so; 400, it does not arrive in time, or breaks off.
    """
    declared = int(request.headers.get("content-length", "0"))
    if declared > MAX_DRAINED or (declared > MAX_BYTES and "expect" in request.headers):
        raise _too_large()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _read(request)
    except TimeoutError as error:
        raise Problem(400, "malformed_framing", f"The body did not arrive within {BODY_SECONDS:.0f} s.") from error
    except ClientDisconnect as error:
        raise Problem(400, "malformed_framing", "The body broke off.") from error


async def _read(request: Request) -> bytes:
    body, size = bytearray(), 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= MAX_BYTES:
            body += chunk
        elif size > MAX_DRAINED:
            break
    if size > MAX_BYTES:
        raise _too_large()
    return bytes(body)


def _too_large() -> Problem:
    return Problem(413, "too_large", f"The body is larger than {MAX_BYTES} bytes.")


def _fault(headers: list[tuple[bytes, bytes]]) -> str | None:
    names = [name for name, _ in headers]
    if len(names) > MAX_HEADERS or sum(len(name) + len(value) for name, value in headers) > MAX_HEADER_BYTES:
        return f"There are more than {MAX_HEADERS} headers, or more than {MAX_HEADER_BYTES} bytes of them."
    if names.count(b"host") != 1:
        return "There must be exactly one Host."
    if any(b"_" in name for name in names):
        return "A header's name has an underscore, which some proxies take for a hyphen."
    return None
