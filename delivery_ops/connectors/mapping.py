"""Which deliverable a page of a CMS is: by its address, a tag, how its slug begins, or a field.

Belongs here: that one rule of a site's configuration, over facts every CMS has. Does not belong here: reading a CMS's
own objects. The rule sees nothing but what a webhook and the API both tell, so that push and pull name the same one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from delivery_ops.errors import BadUsage

Place = Literal["url_pattern", "tag", "slug_prefix", "field"]
GROUP = "deliverable_id"
_WORD = re.compile(r"\S{1,250}")


@dataclass(frozen=True, kw_only=True, slots=True)
class PageFacts:
    """What a rule may look at. ``url`` is the public address, also of a page that is not live now."""

    url: str
    slug: str
    tags: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class DeliverableRule:
    """Where the deliverable_id stands.

    Args:
        place: ``url_pattern`` is searched for in the address; ``tag`` must be all of a tag's name (the first tag that
            fits counts); ``slug_prefix`` is all of the slug, or its beginning up to a hyphen; ``field`` is the
            name of a field whose text is the deliverable_id: one word, so that prose in it names nothing.
        value: a regular expression; the field's name for ``field``. The deliverable_id is the expression's group of
            that name, else its first group, else all that it matches.

    Raises:
        BadUsage: ``value`` is no regular expression.
    """

    place: Place
    value: str

    def __post_init__(self) -> None:
        try:
            re.compile(self.value)
        except re.error as error:
            raise BadUsage(
                "reading a connector's deliverable rule",
                subject=f"{self.place}: {self.value}",
                cause=f"it is no regular expression ({error})",
                remedy=f"Correct {self.place}, such as tag: '#(dlv-[0-9]+)'.",
            ) from error

    def deliverable_of(self, page: PageFacts) -> str | None:
        """The page's deliverable_id; None for a page that is nobody's deliverable."""
        if self.place == "field":
            text = page.fields.get(self.value, "").strip()
            return text if _WORD.fullmatch(text) else None
        return next((_named(found) for found in self._matches(page)), None) or None

    def _matches(self, page: PageFacts) -> Iterator[re.Match[str]]:
        found: list[re.Match[str] | None]
        if self.place == "url_pattern":
            found = [self._pattern.search(page.url)]
        elif self.place == "tag":
            found = [self._pattern.fullmatch(tag) for tag in page.tags]
        else:
            found = [self._pattern.match(page.slug)]
        return (one for one in found if one is not None)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(rf"(?:{self.value})(?=-|\Z)" if self.place == "slug_prefix" else self.value)


def _named(found: re.Match[str]) -> str | None:
    """The group ``deliverable_id``, else the first group, else all of the match."""
    groups = found.groupdict()
    if GROUP in groups:
        return groups[GROUP]
    return found[1] if found.re.groups else found[0]
