"""A small HTTP server on 127.0.0.1 that answers from one function.

Belongs here: sockets, threads, framing. Does not belong here: what is answered. It exists because the standard
server looks its own name up in DNS when it binds, and waits up to half a second when it stops.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from threading import Thread

_POLL_SECONDS = 0.02


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What came in; header names are lower-case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def host(self) -> str:
        """The host asked for, lower-case and without a port."""
        return self.headers.get("host", "").partition(":")[0].lower()


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What goes out, after ``delay_seconds``."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/html; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0


Respond = Callable[[Request], Answer | None]


class _Server(ThreadingMixIn, TCPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is none of anybody's business; the rest is a defect and shows."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


@contextmanager
def listening(respond: Respond) -> Iterator[tuple[str, int]]:
    """Answer on an ephemeral port for as long as the context lasts; gives ``(ip, port)``.

    Where ``respond`` gives ``None`` the connection is closed without an answer.
    """
    with _Server(("127.0.0.1", 0), _handler(respond)) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": _POLL_SECONDS}, daemon=True)
        thread.start()
        try:
            yield ("127.0.0.1", server.server_address[1])
        finally:
            server.shutdown()
            thread.join()


def _handler(respond: Respond) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class names it)
            """Say nothing: the caller's terminal is not this server's log."""

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            request = Request(
                method=self.command,
                target=self.path,
                headers={name.lower(): value for name, value in self.headers.items()},
                body=self.rfile.read(length),
            )
            self.close_connection = True
            answer = respond(request)
            if answer is None:
                return
            if answer.delay_seconds:
                time.sleep(answer.delay_seconds)
            self.send_response(answer.status)
            if answer.body:
                self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Connection", "close")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 (the base class names them)

    return Handler
