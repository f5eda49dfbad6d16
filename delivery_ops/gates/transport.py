"""One HTTP request over a connection to an address that was checked before.

Belongs here: connecting, TLS, the deadline, and the answer as it came. Does not belong here: which addresses are
allowed and whether a redirect is followed (``fetch`` decides both). httpcore speaks HTTP; its network backend is ours,
so the connection goes to the validated address while Host, SNI and the certificate check keep the name. A second
look-up of the name, which could answer differently, never happens. The deadline sits in the stream itself: a server
that drips one byte every nine seconds, in headers or TLS, meets it too.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpcore

from delivery_ops.gates.addresses import Address
from delivery_ops.gates.decoding import decoded_body
from delivery_ops.gates.failures import FailureCode, PageNotMeasured
from delivery_ops.gates.targets import Target
from delivery_ops.http_client import tls_context

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0

Headers = tuple[tuple[str, str], ...]
"""Names in lower case, in the order received; a name may stand several times."""

_REQUEST_HEADERS = (
    ("User-Agent", "delivery-ops (page check)"),
    ("Accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.1"),
    ("Accept-Encoding", "gzip"),
    ("Connection", "close"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What one request brought. ``body`` is decoded, and empty where it was not wanted."""

    status: int
    headers: Headers
    body: bytes


class Deadline:
    """An instant of the monotonic clock by which everything must have happened."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def capped(self, seconds: float | None) -> float:
        """``seconds``, or what is left where that is less.

        Raises:
            httpcore.TimeoutException: nothing is left.
        """
        left = self._at - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the deadline has passed")
        return left if seconds is None else min(seconds, left)


def header(headers: Headers, name: str) -> str:
    """The values of ``name``, joined by commas as HTTP means them; "" where it is absent."""
    return ", ".join(value for found, value in headers if found == name)


def ask(
    target: Target,
    addresses: Sequence[Address],
    port: int,
    *,
    deadline: Deadline,
    wants_body: Callable[[int], bool],
) -> Answer:
    """GET ``target`` from the first of ``addresses`` that accepts a connection on ``port``.

    Raises:
        PageNotMeasured: ``unreachable``, ``timeout``, ``invalid_response``, ``encoding`` or ``too_large``.
    """
    backend = _CheckedAddresses(addresses, port, deadline)
    with (
        _named_failures(target.url),
        httpcore.ConnectionPool(ssl_context=tls_context(), network_backend=backend, max_connections=1) as pool,
        pool.stream(
            "GET",
            httpcore.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.path),
            headers=[("Host", target.authority), *_REQUEST_HEADERS],
            extensions={"timeout": {"connect": CONNECT_SECONDS, "read": READ_SECONDS, "write": READ_SECONDS}},
        ) as response,
    ):
        headers = tuple((name.decode("latin-1").lower(), _text(value)) for name, value in response.headers)
        body = b""
        if wants_body(response.status):
            body = decoded_body(
                response.iter_stream(),
                content_encoding=header(headers, "content-encoding"),
                subject=target.url,
            )
        return Answer(status=response.status, headers=headers, body=body)


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


@contextmanager
def _named_failures(url: str) -> Iterator[None]:
    try:
        yield
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
        code, cause = _named(error)
        raise PageNotMeasured(
            "fetching a page",
            subject=url,
            cause=cause,
            remedy="Open the page in a browser; when it answers there, judge it again.",
            code=code,
        ) from error


def _named(error: Exception) -> tuple[FailureCode, str]:
    if isinstance(error, httpcore.TimeoutException):
        return "timeout", "it did not answer in time"
    if isinstance(error, httpcore.NetworkError):
        return "unreachable", str(error) or "the connection broke off"
    return "invalid_response", f"it gave no valid HTTP answer ({str(error).rstrip('.')})"


class _CheckedAddresses(httpcore.NetworkBackend):
    """Connects to the addresses given, whatever name and port it is asked for."""

    def __init__(self, addresses: Sequence[Address], port: int, deadline: Deadline) -> None:
        self._addresses = addresses
        self._port = port
        self._deadline = deadline
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,  # noqa: ARG002 - checked before; the signature is httpcore's
        port: int,  # noqa: ARG002
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        failed: Exception = httpcore.ConnectError("it has no address")
        for address in self._addresses:
            try:
                stream = self._sockets.connect_tcp(
                    str(address),
                    self._port,
                    timeout=self._deadline.capped(timeout),
                    local_address=local_address,
                    socket_options=socket_options,
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
            else:
                return _DeadlineStream(stream, self._deadline)
        raise failed


class _DeadlineStream(httpcore.NetworkStream):
    """A stream whose every wait ends at the deadline."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.capped(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.capped(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secure = self._stream.start_tls(ssl_context, server_hostname, self._deadline.capped(timeout))
        return _DeadlineStream(secure, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
