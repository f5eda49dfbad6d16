r"""Which page a URL means: one key for every spelling of one address.

Belongs here: ``page_key`` and the narrower ``exact_url``, the only place where addresses are made comparable. Does not
belong here: whom a page belongs to (``deliverables.pages``), and anything that must ask the web: a redirect, an AMP or
m-dot twin and a translation are pages of their own until an event says otherwise.

The parts are found as the WHATWG URL Standard finds them (``\\`` is ``/``, tabs and line ends vanish, hosts go
through UTS #46); characters are then brought to the one form of RFC 3986 §6.2.2. Libraries differ in these rules
(``url-normalize``, ``w3lib`` and ``courlan`` give three keys for one address), which is why they are written here.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv6Address
from urllib.parse import unquote

import idna

_TRACKING = re.compile(r"utm_.*|gclid|fbclid", re.IGNORECASE | re.DOTALL)
_SCHEME = re.compile(r"(https?):[/\\]*", re.IGNORECASE)
_AUTHORITY_END = re.compile(r"[/\\?#]")
_AROUND = "".join(map(chr, range(0x21)))
_FORBIDDEN_IN_HOST = re.compile(r"[\x00-\x20\x7f#%/:<>?@\[\\\]^|]")
_DEFAULT_PORTS = {"http": 80, "https": 443}

_UNRESERVED = "-._~"
_ESCAPABLE_IN_PATH = re.compile(r"%([0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~!$&'()*+,;=:@/]")
_ESCAPABLE_IN_QUERY = re.compile(r"%([0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~!$&()*+,;=:@/?]")  # browsers send ' as %27


LONGEST_KEY = 2048
"""Characters, all of them ASCII. sitemaps.org allows an address as many; a PostgreSQL index entry ends at 2,704 bytes,
and a longer key that reached the ledger would stop every fold of it for ever."""


def page_key(url: str) -> str | None:
    """The key of the page at ``url``: ``host[:port]/path[?query]``; None when it is no web address.

    Equal keys mean one page. Scheme, user, fragment, default port (80 and 443), and the parameters ``utm_*``,
    ``gclid`` and ``fbclid`` are dropped; the host is lower-cased and in its ASCII form; escapes are in their one
    form; ``.`` and ``..`` are resolved; an empty path is ``/``. Kept as they are: ``www.``, the case of the path,
    its trailing and doubled slashes, and the order of the other parameters. Never raises; None equals no key. An
    address whose key is longer than ``LONGEST_KEY`` has none: escaping triples what is not ASCII.

    >>> page_key("HTTPS://Example.com:443/A/../b/?utm_source=x&b=2&a=1#frag")
    'example.com/b/?b=2&a=1'
    """
    parts = _parts(url)
    if parts is None:
        return None
    site = _site(parts.host_and_port, _DEFAULT_PORTS.values())
    if site is None:
        return None
    query = "&".join(
        one
        for one in _one_form(parts.query[1:], _ESCAPABLE_IN_QUERY).split("&")
        if one and not _TRACKING.fullmatch(unquote(one.partition("=")[0]))
    )
    key = site + _path(parts.path) + (f"?{query}" if query else "")
    return key if len(key) <= LONGEST_KEY else None


def exact_url(url: str) -> str | None:
    """The one form of the absolute address ``url``; None when it is no web address. Never raises.

    Equal forms are one address by RFC 3986 §6.2 (case of scheme and host, escapes, dot segments, the scheme's own
    port, an empty path). Everything else tells two apart: scheme, user, tracking parameters, fragment.

    >>> exact_url("HTTPS://Example.com:443/A/../b/?utm_source=x&b=2&a=1#frag")
    'https://example.com/b/?utm_source=x&b=2&a=1#frag'
    """
    parts = _parts(url)
    if parts is None:
        return None
    site = _site(parts.host_and_port, [_DEFAULT_PORTS[parts.scheme]])
    if site is None:
        return None
    query, fragment = (part[:1] + _one_form(part[1:], _ESCAPABLE_IN_QUERY) for part in (parts.query, parts.fragment))
    return f"{parts.scheme}://{parts.user}{site}{_path(parts.path)}{query}{fragment}"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Parts:
    """An address taken apart. ``user`` ends in its ``@``, ``query`` and ``fragment`` begin with their sign, where they
    are there at all; ``scheme`` is in lower case."""

    scheme: str
    user: str
    host_and_port: str
    path: str
    query: str
    fragment: str


def _parts(url: str) -> _Parts | None:
    if not _is_unicode(url):
        return None
    address = re.sub(r"[\t\n\r]", "", url.strip(_AROUND))
    scheme = _SCHEME.match(address)
    if scheme is None:
        return None
    rest = address[scheme.end() :]
    end = _AUTHORITY_END.search(rest)
    authority, rest = (rest[: end.start()], rest[end.start() :]) if end else (rest, "")
    user, at, host_and_port = authority.rpartition("@")
    rest, hash_sign, fragment = rest.partition("#")
    path, question_mark, query = rest.partition("?")
    return _Parts(
        scheme=scheme[1].lower(),
        user=user + at,
        host_and_port=host_and_port,
        path=path,
        query=question_mark + query,
        fragment=hash_sign + fragment,
    )


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return False
    return True


def _site(host_and_port: str, default_ports: Collection[int]) -> str | None:
    host, colon, port = host_and_port.rpartition(":")
    if not colon or host_and_port.endswith("]"):
        host, port = host_and_port, ""
    if not re.fullmatch(r"[0-9]{0,5}", port) or int(port or 0) > 0xFFFF:
        return None
    name = _ipv6(host) if host.startswith("[") else _domain(host)
    if name is None:
        return None
    return name if not port or int(port) in default_ports else f"{name}:{int(port)}"


def _ipv6(host: str) -> str | None:
    if not host.endswith("]") or "%" in host:  # no zone in a URL
        return None
    try:
        return f"[{IPv6Address(host[1:-1]).compressed}]"
    except AddressValueError:
        return None


def _domain(host: str) -> str | None:
    """``host`` in ASCII: UTS #46 mapping, then Punycode for each label that needs it. Looser than IDNA 2008, which
    refuses names that browsers open (emoji, underscores)."""
    try:
        mapped = idna.uts46_remap(unquote(host, errors="strict"), std3_rules=False, transitional=False)
    except (idna.IDNAError, UnicodeDecodeError):
        return None
    labels = [label if label.isascii() else f"xn--{label.encode('punycode').decode()}" for label in mapped.split(".")]
    name = ".".join(labels)
    return None if not name.strip(".") or _FORBIDDEN_IN_HOST.search(name) else name


def _path(path: str) -> str:
    segments: list[str] = []
    parts = _one_form(path.replace("\\", "/"), _ESCAPABLE_IN_PATH).split("/")[1:]
    for at, part in enumerate(parts, start=1):
        if part == "..":
            segments = segments[:-1]
        elif part != ".":
            segments.append(part)
            continue
        if at == len(parts):
            segments.append("")  # "/a/." and "/a/b/.." are the folder "/a/"
    return "/" + "/".join(segments)


def _one_form(text: str, escapable: re.Pattern[str]) -> str:
    """Escapes in upper case, none where none is needed, one wherever one is: a stray ``%`` becomes ``%25``."""
    return escapable.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    if found[1] is None:
        return "".join(f"%{byte:02X}" for byte in found[0].encode())
    character = chr(int(found[1], 16))
    plain = character.isascii() and (character.isalnum() or character in _UNRESERVED)
    return character if plain else found[0].upper()
