"""The two forms of an answer: a JSON document, or a problem as RFC 9457 has it.

Belongs here: their bytes and headers, and which problem an error is. Does not belong here: routes. There is one 5xx,
"not now, send it again": whatever went wrong here, nothing was acknowledged, so nothing is lost by it. What it
was stands in the log, never in an answer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.responses import Response

from delivery_ops.errors import Transient

RETRY_AFTER = timedelta(seconds=5)
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class Problem(HTTPException):
    """An answer that says what is wrong: ``code`` is a stable, lower-case name, ``detail`` a sentence."""

    def __init__(self, status: int, code: str, detail: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, detail, headers)
        self.code = code


def answer(status: int, content: Mapping[str, Any]) -> Response:
    """``content`` as JSON."""
    return Response(orjson.dumps(content), status, _HEADERS, "application/json")


def problem(error: HTTPException) -> Response:
    """The answer to a problem, the framework's own (no such path, no such method) among them."""
    status = HTTPStatus(error.status_code)
    code = error.code if isinstance(error, Problem) else status.phrase.lower().replace(" ", "_")
    content = {"type": "about:blank", "title": status.phrase, "status": status, "detail": error.detail, "code": code}
    # What is left of a refused body is not worth reading: the connection ends with the answer.
    headers = {**_HEADERS, "Connection": "close", **(error.headers or {})}
    return Response(orjson.dumps(content), status, headers, "application/problem+json")


def unavailable(error: Exception) -> Response:
    """The answer to everything else that went wrong."""
    wait = (error.retry_after if isinstance(error, Transient) else None) or RETRY_AFTER
    detail = "This cannot be done now, and nothing was acknowledged. Send it again."
    seconds = str(math.ceil(wait.total_seconds()))
    return problem(Problem(503, "unavailable", detail, headers={"Retry-After": seconds}))
