"""What a URL asks for: the only reading of a URL before a request is sent.

Belongs here: URL text → scheme, host, port and path, or a refusal. Does not belong here: whether the host may be
reached (``addresses``). Guards are walked around where one parser checks the URL and another one connects; here the
parts that are checked are the parts that are sent, and a URL that two parsers could read differently is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import NoReturn
from urllib.parse import quote, urljoin

import idna

from delivery_ops.gates.addresses import Address
from delivery_ops.gates.failures import PageNotMeasured

DEFAULT_PORTS = {"http": 80, "https": 443}
MAX_URL = 8_000

_URL = re.compile(
    r"(?P<scheme>[A-Za-z]+)://(?P<authority>[^/?#]*)(?P<path>[^?#]*)(?P<query>\?[^#]*)?(?:#.*)?", re.DOTALL
)
_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^:\[\]]+)(?::(?P<port>[0-9]{1,5}))?")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
# Whitespace, control characters and the backslash: parsers strip, keep or turn them into a slash as they like.
_AMBIGUOUS = re.compile(r"[\x00-\x20\x7f-\xa0\\]")
_SENT_AS_IS = "%/?:@!$&'()*+,;=-._~[]|"


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """One request's destination. ``host`` is ASCII and lower case (IPv6 without brackets), ``path`` begins with a
    slash and carries the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The Host header's value: the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The URL without its fragment."""
        return f"{self.scheme}://{self.authority}{self.path}"

    @property
    def literal(self) -> Address | None:
        """The host as an address, where it is one."""
        if ":" in self.host:
            return IPv6Address(self.host)
        return IPv4Address(self.host) if _ends_in_number(self.host) else None

    def redirected(self, location: str) -> Target:
        """Where ``Location: location`` leads from here. Raises as ``parse_target``."""
        try:
            return parse_target(urljoin(self.url, location))
        except ValueError as error:  # urljoin, on an unclosed bracket
            _refuse(location, str(error))


def parse_target(url: str) -> Target:
    """The destination that ``url`` names.

    Raises:
        PageNotMeasured: code ``refused``; the cause names the part.
    """
    if len(url) > MAX_URL:
        _refuse(f"{url[:80]}…", f"it is longer than {MAX_URL} characters")
    if found := _AMBIGUOUS.search(url):
        _refuse(url, f"it holds {found.group()!r}, which must be percent-encoded")
    parts = _URL.fullmatch(url)
    if parts is None or (scheme := parts["scheme"].lower()) not in DEFAULT_PORTS:
        _refuse(url, "only absolute http and https URLs are fetched")
    if "@" in parts["authority"]:
        _refuse(url, "it carries a user name")
    authority = _AUTHORITY.fullmatch(parts["authority"])
    if authority is None:
        _refuse(url, f"its host {parts['authority']!r} cannot be read")
    port = int(authority["port"]) if authority["port"] else DEFAULT_PORTS[scheme]
    if not 0 < port < 65_536:
        _refuse(url, f"the port {port} does not exist")
    return Target(
        scheme=scheme,
        host=_host(authority["host"], url),
        port=port,
        path=quote((parts["path"] or "/") + (parts["query"] or ""), safe=_SENT_AS_IS, errors="replace"),
    )


def _host(text: str, url: str) -> str:
    if text.startswith("["):
        try:
            return str(IPv6Address(text[1:-1]))
        except AddressValueError as error:
            _refuse(url, f"its host is no IPv6 address ({error})")
    try:
        host = text.lower() if text.isascii() else idna.encode(text, uts46=True).decode()
    except (idna.IDNAError, UnicodeError) as error:
        _refuse(url, f"its host is no name ({error})")
    host = host.removesuffix(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in host.split(".")):
        _refuse(url, f"its host {host[:80]!r} is no name")
    if _ends_in_number(host):
        # 127.1, 0x7f000001, 2130706433 and 0177.0.0.1 all reach loopback through the system's resolver.
        try:
            IPv4Address(host)
        except AddressValueError:
            _refuse(url, f"its host {host!r} is a number, but no address of four decimal parts")
    return host


def _ends_in_number(host: str) -> bool:
    """WHATWG's rule for what is an IPv4 address: the last label is a number in some base."""
    return _NUMBER.fullmatch(host.rpartition(".")[2]) is not None


def _refuse(url: str, cause: str) -> NoReturn:
    raise PageNotMeasured(
        "reading a URL",
        subject=url,
        cause=cause,
        remedy="Give the page's address as a browser shows it.",
        code="refused",
    )
