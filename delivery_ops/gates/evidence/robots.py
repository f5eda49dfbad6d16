"""Whether a page asks not to be indexed: the robots metas and the X-Robots-Tag header.

Belongs here: reading directives and whom they address. Does not belong here: robots.txt, which forbids fetching and
not indexing. In the header a user agent may stand before its directives (``googlebot: noindex, nofollow``), and some
directives have a colon of their own (``max-snippet: 20``), which makes them look like one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from delivery_ops.gates.evidence.page import Page, line_number

_NOINDEX = frozenset({"noindex", "none"})
_WITH_VALUE = frozenset({"max-snippet", "max-image-preview", "max-video-preview", "unavailable_after"})
_ALL_OR_GOOGLE = frozenset({"robots", "googlebot", "*"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Prohibition:
    """A directive that keeps the page out of an index. ``is_general``: out of everybody's, or Google's."""

    agent: str
    directive: str
    where: str

    @property
    def is_general(self) -> bool:
        """Whether it keeps the page out of Google's results."""
        return self.agent in _ALL_OR_GOOGLE


def prohibitions(page: Page) -> Iterator[Prohibition]:
    """Every directive on ``page`` that forbids indexing. Metas count in the body too: Google heeds them there."""
    for element in page.elements:
        name = (element.get("name") or "").strip().lower()
        if element.tag == "meta" and (name == "robots" or "bot" in name):
            for directive in (element.get("content") or "").split(","):
                if directive.strip().lower() in _NOINDEX:
                    where = f"line {line_number(element)}"
                    yield Prohibition(agent=name, directive=directive.strip().lower(), where=where)
    for name, value in page.headers:
        if name == "x-robots-tag":
            yield from _in_header(value)


def _in_header(value: str) -> Iterator[Prohibition]:
    agent = "robots"
    for part in value.split(","):
        before, colon, after = part.partition(":")
        directive = part.strip().lower()
        if colon and before.strip().lower() not in _WITH_VALUE:
            agent, directive = before.strip().lower(), after.strip().lower()
        if directive in _NOINDEX:
            yield Prohibition(agent=agent, directive=directive, where="header X-Robots-Tag")
