"""The guarded page fetcher: a public page's bytes, or one named reason why there are none.

Belongs here: where the fetcher may go (``addresses`` has the table), redirects, and the record of what came back.
Does not belong here: HTTP itself (``transport``) and any reading of the page (``evidence``). A name is resolved once
per hop, *all* its addresses must be allowed, and the connection goes to those; a redirect is a new URL with
everything checked anew. No cookies, no credentials, no proxies from the environment: a page is seen as a stranger
sees it.
"""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import NoReturn

from delivery_ops import clock
from delivery_ops.gates.addresses import Address, Network, is_private_name, is_public, is_within
from delivery_ops.gates.failures import FailureCode, PageNotMeasured
from delivery_ops.gates.targets import DEFAULT_PORTS, Target, parse_target
from delivery_ops.gates.transport import Answer, Deadline, Headers, ask, header

TOTAL_SECONDS = 20.0
RESOLVE_SECONDS = 5.0
MAX_REDIRECTS = 5

GONE = frozenset({404, 410})
"""Statuses that are an answer about the page: it is not there. Every other failure status (a login wall, a rate
limit, a broken server) says nothing about the page, and is ``error``."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HTML = frozenset({"text/html", "application/xhtml+xml"})

Resolve = Callable[[str, int], Sequence[str]]
"""(host, port) → its addresses. Raises OSError where there are none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Redirect:
    """One hop: ``url`` answered ``status`` and named ``location``."""

    url: str
    status: int
    location: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FetchedPage:
    """What was at ``url`` at ``fetched_at``. ``status`` is a success, 404 or 410; ``body`` is decoded from gzip."""

    url: str
    final_url: str
    status: int
    headers: Headers
    redirects: tuple[Redirect, ...]
    body: bytes
    sha256: str
    fetched_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class _Route:
    addresses: Sequence[Address]
    port: int
    public: bool


class PageFetcher:
    """Fetches pages; safe to share between threads.

    Args:
        allow_networks: host → networks in which its addresses are reached besides the public internet, on any port.
            They are that host's alone: whoever points elsewhere, by name or by redirect, opens none of them.
        routes: host → (address, port) to connect to instead of resolving it, for simulated sites. The Host header
            and URLs stay as they are.
        resolve: the name look-up, ``getaddrinfo`` by default.
        total_seconds: the time one page may take, redirects included.
    """

    def __init__(
        self,
        *,
        allow_networks: Mapping[str, Sequence[Network]] | None = None,
        routes: Mapping[str, tuple[str, int]] | None = None,
        resolve: Resolve | None = None,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        self._networks = dict(allow_networks or {})
        self._routes = dict(routes or {})
        self._resolve = resolve or _system_resolve
        self._total_seconds = total_seconds

    def fetch(self, url: str) -> FetchedPage:
        """The page at ``url``.

        Raises:
            PageNotMeasured: with the code of the first thing that went wrong.
        """
        deadline = Deadline(self._total_seconds)
        target = parse_target(url)
        route = self._route(target)
        redirects: list[Redirect] = []
        while True:
            answer = ask(target, route.addresses, route.port, deadline=deadline, wants_body=_is_success)
            location = header(answer.headers, "location")
            if answer.status not in _REDIRECTS or not location:
                return _page(url, target, answer, tuple(redirects))
            redirects.append(Redirect(url=target.url, status=answer.status, location=location))
            target, route = self._next_hop(target, route, redirects)

    def _next_hop(self, target: Target, route: _Route, redirects: Sequence[Redirect]) -> tuple[Target, _Route]:
        following = target.redirected(redirects[-1].location)
        if len(redirects) > MAX_REDIRECTS or any(hop.url == following.url for hop in redirects):
            chain = " → ".join([hop.url for hop in redirects] + [following.url])
            _fail(redirects[0].url, f"it redirects without end ({chain})", "redirects")
        if target.scheme == "https" and following.scheme == "http":
            _fail(target.url, f"it redirects from https to {following.url}", "refused")
        following_route = self._route(following)
        if route.public and not following_route.public:
            # An allowed private network is for the site configured in it, not for whoever points there.
            _fail(target.url, f"it redirects into a private network, to {following.url}", "refused")
        return following, following_route

    def _route(self, target: Target) -> _Route:
        if target.host in self._routes:
            connect_to, port = self._routes[target.host]
            return _Route(addresses=(ip_address(connect_to),), port=port, public=True)
        networks = self._networks.get(target.host, ())
        if not networks and target.literal is None and is_private_name(target.host):
            _fail(target.url, f"{target.host} is a name inside a private network", "refused")
        addresses = self._addresses(target)
        within = [is_within(address, networks) for address in addresses]
        for address, allowed in zip(addresses, within, strict=True):
            if not allowed and (not is_public(address) or (target.literal is None and is_private_name(target.host))):
                _fail(target.url, f"{target.host} is at {address}, which is not a public address", "refused")
        if target.port not in DEFAULT_PORTS.values() and not all(within):
            _fail(target.url, f"port {target.port} is not a web server's; allowed are 80 and 443", "refused")
        return _Route(addresses=addresses, port=target.port, public=not any(within))

    def _addresses(self, target: Target) -> Sequence[Address]:
        if literal := target.literal:
            return (literal,)
        try:
            found = self._resolve(target.host, target.port)
        except TimeoutError:
            _fail(target.url, f"looking up {target.host} took too long", "timeout")
        except (OSError, UnicodeError) as error:
            _fail(target.url, f"{target.host} has no address ({error})", "unresolved")
        if not found:
            _fail(target.url, f"{target.host} has no address", "unresolved")
        return tuple(ip_address(address) for address in dict.fromkeys(found))


def _system_resolve(host: str, port: int) -> Sequence[str]:
    """``getaddrinfo``, in a thread that is left behind when it does not come back: it knows no time limit."""
    box: list[Sequence[str] | OSError] = []

    def look_up() -> None:
        try:
            box.append([str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)])
        except OSError as error:
            box.append(error)

    worker = threading.Thread(target=look_up, daemon=True, name=f"look up {host}")
    worker.start()
    worker.join(RESOLVE_SECONDS)
    if not box:
        raise TimeoutError(host)
    if isinstance(box[0], OSError):
        raise box[0]
    return box[0]


def _is_success(status: int) -> bool:
    return 200 <= status < 300


def _page(url: str, target: Target, answer: Answer, redirects: tuple[Redirect, ...]) -> FetchedPage:
    if not _is_success(answer.status) and answer.status not in GONE:
        _fail(target.url, f"it answered {answer.status}", "http_status")
    kind = header(answer.headers, "content-type").partition(";")[0].strip().lower()
    if _is_success(answer.status) and kind and kind not in _HTML:
        _fail(target.url, f"it is {kind[:80]}, not HTML", "not_html")
    return FetchedPage(
        url=url,
        final_url=target.url,
        status=answer.status,
        headers=answer.headers,
        redirects=redirects,
        body=answer.body,
        sha256=hashlib.sha256(answer.body).hexdigest(),
        fetched_at=clock.now(),
    )


def _fail(url: str, cause: str, code: FailureCode) -> NoReturn:
    raise PageNotMeasured(
        "fetching a page",
        subject=url,
        cause=cause,
        remedy="Open the address in a browser; a private site must be named in sites, with its allow_networks.",
        code=code,
    )
