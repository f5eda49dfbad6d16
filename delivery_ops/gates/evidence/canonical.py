"""Which address a page calls its own: canonical links in its head and in the HTTP header ``Link``.

Belongs here: finding them, and comparing them with each other and with the address delivered. Does not belong here:
other tags, and whether the page passes (the suite). Search engines heed both places, and neither where they disagree.
Header fields are read by RFC 8288 as far as it goes, and by what servers send instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from delivery_ops.gates.evidence.page import Element, Page, line_number
from delivery_ops.gates.evidence.records import Details, plain, quoted
from delivery_ops.gates.transport import header
from delivery_ops.urls import exact_url

_ABSOLUTE = re.compile(r"https?://[^/\\]", re.IGNORECASE)
_PARAMETER = (
    r"""\s*+;\s*+(?P<name>[^\s=;,<>"]*+)(?:\s*+=\s*+(?:"(?P<quoted>[^"\\]*+(?:\\.[^"\\]*+)*)"|(?P<bare>[^\s;,"]*+)))?"""
)
_PARAMETERS = re.compile(_PARAMETER)
_LINK = re.compile(rf"<(?P<target>[^<>]*+)>(?P<parameters>(?:{_PARAMETER})*)")
# With one of these a link names another version of the page, and Google does not take it for the canonical one.
# https://developers.google.com/search/docs/crawling-indexing/consolidate-duplicate-urls
_OF_A_VERSION = ("hreflang", "lang", "media", "type")
_ADDRESSES_NAMED = 10
_ADDRESS_SHOWN = 400  # characters; two addresses often differ only at their ends


@dataclass(frozen=True, kw_only=True, slots=True)
class _Link:
    """One canonical link; ``where`` it stands."""

    address: str
    where: str


def measure_canonical(page: Page, details: Details) -> dict[str, Any]:
    """The facts about the canonical link. Spellings of one address are one."""
    links = [*_in_head(page), *_in_header(header(page.headers, "link"))]
    distinct: dict[str, _Link] = {}
    for link in links:
        distinct.setdefault(exact_url(link.address) or link.address, link)
    return {
        "canonical_elsewhere": _check(page, list(distinct.values()), details),
        "canonicals": len(distinct),
        "canonicals_invalid": details.count("canonical_invalid"),
        "canonical_not_compared": details.count("canonical_not_compared"),
        "canonical": next((plain(link.address) for link in links if link.address), None),
    }


def is_canonical(element: Element) -> bool:
    """Whether ``element`` is a canonical link, wherever it stands."""
    return element.tag == "link" and _names_the_page(element)


def _in_head(page: Page) -> Iterator[_Link]:
    for element in page.head:
        if is_canonical(element):
            yield _Link(address=element.get("href", "").strip(), where=f"line {line_number(element)}")


def _in_header(value: str) -> Iterator[_Link]:
    for link in _LINK.finditer(value):
        parameters: dict[str, str] = {}
        for one in _PARAMETERS.finditer(link["parameters"]):
            parameters.setdefault(one["name"].lower(), one["quoted"] or one["bare"] or "")
        # With an anchor it is said of another page.
        if _names_the_page(parameters) and "anchor" not in parameters:
            yield _Link(address=link["target"].strip(), where="header Link")


def _names_the_page(link: Element | Mapping[str, str]) -> bool:
    is_canonical = "canonical" in link.get("rel", "").lower().split()
    return is_canonical and all(link.get(name) is None for name in _OF_A_VERSION)


def _check(page: Page, links: list[_Link], details: Details) -> int | None:
    """Whether the canonical names another address (1) or this page's (0); ``None`` where that cannot be said. Another
    scheme and a tracking parameter make another address; only the page's own fragment, which no server sees, is none
    of it."""
    invalid = [link for link in links if not _ABSOLUTE.match(link.address) or exact_url(link.address) is None]
    for link in invalid:
        details.add("canonical_invalid", f"{quoted(link.address)} is no absolute http or https URL", link.where)
    if len(links) > 1:
        named = ", ".join(quoted(link.address) for link in links[:_ADDRESSES_NAMED])
        details.add("canonical_conflicting", f"several are named: {named}", links[1].where)
    if invalid or len(links) != 1:
        return None
    [link] = links
    if page.url is None:
        unknown = f"{quoted(link.address)}: the page's own address is not known"
        details.add("canonical_not_compared", unknown, link.where)
        return None
    if exact_url(link.address) == exact_url(page.url.partition("#")[0]):
        return 0
    named, own = quoted(link.address, _ADDRESS_SHOWN), quoted(page.url, _ADDRESS_SHOWN)
    details.add("canonical_elsewhere", f"it names {named}, the page is at {own}", link.where)
    return 1
