"""One GET of a JSON API: the value it gave, or an error that says what to do.

Belongs here: connecting, the deadline, the size limit, and the reading of whatever comes back. Does not belong here:
addresses, keys and paging, which are each API's own. The address is the operator's configuration, not a stranger's
text, so there is no guard as for pages; redirects are not followed, since a key would go with them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpcore

from delivery_ops import clock
from delivery_ops.connectors.failures import (
    AnswerMalformed,
    RequestRefused,
    SourceUnavailable,
    failure,
    kind_of,
)
from delivery_ops.http_client import http_date, retry_after, tls_context

MAX_BYTES = 32 << 20

_HEADERS = (("Accept", "application/json"), ("Accept-Encoding", "identity"), ("User-Agent", "delivery-ops"))

MessageOf = Callable[[Any], str | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class JsonAnswer:
    """A 2xx answer. Header names are in lower case."""

    value: Any
    headers: Mapping[str, str]

    @property
    def sent_at(self) -> datetime | None:
        """When it was sent by the server's clock; None where it does not say."""
        return http_date(self.headers.get("date", ""))


@dataclass(frozen=True, kw_only=True, slots=True)
class JsonApi:
    """Asks one API.

    Args:
        doing: what an error says was under way.
        message_of: the API's own words in the JSON of a refusal, if it is one of its.
        connect_seconds, read_seconds: for one wait; ``total_seconds`` for all of a request.
    """

    doing: str
    message_of: MessageOf
    connect_seconds: float = 5.0
    read_seconds: float = 15.0
    total_seconds: float = 60.0
    _pool: httpcore.ConnectionPool = field(default_factory=lambda: _pool(), repr=False, compare=False)

    def get(self, url: str, headers: Mapping[str, str]) -> JsonAnswer:
        """GET ``url``.

        Raises:
            DeliveryOpsError: one of ``failures``' errors. It names the address without its query, where keys may stand.
        """
        subject = url.partition("?")[0]
        status, found, body = self._exchange(url, headers, subject)
        value, is_json = _parsed(body)
        if 200 <= status < 300:
            if is_json:
                return JsonAnswer(value=value, headers=found)
            cause = f"it answered with {found.get('content-type', 'something')}, which is no JSON"
            raise failure(AnswerMalformed, self.doing, subject=subject, cause=cause)
        words = self.message_of(value) if is_json else None
        reason = words or f"without words of the API ({found.get('location') or found.get('content-type', 'no body')})"
        raise failure(
            kind_of(status, is_api=words is not None),
            self.doing,
            subject=subject,
            cause=f"HTTP {status} {reason}".rstrip("."),
            retry_after=retry_after(found.get("retry-after"), clock.now()),
        )

    def _exchange(self, url: str, headers: Mapping[str, str], subject: str) -> tuple[int, dict[str, str], bytes]:
        ends = time.monotonic() + self.total_seconds
        timeout = {"connect": self.connect_seconds, "read": self.read_seconds, "write": self.read_seconds}
        sent = [*_HEADERS, *headers.items()]
        try:
            with self._pool.stream("GET", url, headers=sent, extensions={"timeout": timeout}) as response:
                body = bytearray()
                for chunk in response.iter_stream():
                    body += chunk
                    if len(body) > MAX_BYTES:
                        cause = f"its answer is larger than {MAX_BYTES >> 20} MiB"
                        raise failure(AnswerMalformed, self.doing, subject=subject, cause=cause)
                    if time.monotonic() > ends:
                        raise httpcore.ReadTimeout
                found = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
                return response.status, found, bytes(body)
        except httpcore.TimeoutException as error:
            cause = "it did not answer in time"
            raise failure(SourceUnavailable, self.doing, subject=subject, cause=cause) from error
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            cause = str(error).rstrip(".") or "the connection broke off"
            raise failure(SourceUnavailable, self.doing, subject=subject, cause=cause) from error
        except httpcore.UnsupportedProtocol as error:
            raise failure(RequestRefused, self.doing, subject=subject, cause=str(error)) from error


def _parsed(body: bytes) -> tuple[Any, bool]:
    try:
        return json.loads(body), True
    except (ValueError, RecursionError):
        return None, False


def _pool() -> httpcore.ConnectionPool:
    # One request a connection: polls are minutes apart, and a kept connection is most often a dead one by then.
    return httpcore.ConnectionPool(ssl_context=tls_context(), max_connections=1, max_keepalive_connections=0)
