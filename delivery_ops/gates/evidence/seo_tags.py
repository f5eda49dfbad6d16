"""What ``seoTagsPresent`` measures: the few tags by which a search engine names, shows and files a page.

Belongs here: title, description, h1, language and indexing directives of the raw HTML; the canonical link has a module
of its own (``canonical``). Does not belong here: what a script may change later (the rendered page), and whether a page
passes (the suite). Titles, descriptions and canonicals count in the head only, where search engines read them.
Visibility is not measured: it needs style sheets; an h1 counts unless it stands in a template or noscript.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from delivery_ops.gates.evidence.canonical import is_canonical, measure_canonical
from delivery_ops.gates.evidence.page import Element, Page, line_number, text_of
from delivery_ops.gates.evidence.records import Details, Evidence, Facts, plain, quoted
from delivery_ops.gates.evidence.robots import prohibitions
from delivery_ops.gates.fetch import GONE
from delivery_ops.urls import page_key

_LINES_NAMED = 10
_TEXTS_READ = 10  # of headings inside each other, each one's text holds that of all the others


@dataclass(frozen=True, kw_only=True, slots=True)
class SeoTags(Facts):
    """The row. ``*_empty`` is 1 where there are such tags and none says anything; ``canonicals`` counts distinct
    addresses; lengths are in characters, ``None`` where there is no text."""

    gate = "seoTagsPresent"

    titles: int | None = None
    titles_empty: int | None = None
    descriptions: int | None = None
    descriptions_empty: int | None = None
    description_length: int | None = None
    h1s: int | None = None
    h1s_empty: int | None = None
    canonicals: int | None = None
    canonicals_invalid: int | None = None
    canonical_elsewhere: int | None = None
    canonical_not_compared: int | None = None
    tags_outside_head: int | None = None
    noindex: int | None = None
    noindex_for_others: int | None = None
    languages: int | None = None
    redirected: int | None = None
    title: str | None = None
    description: str | None = None
    h1: str | None = None
    canonical: str | None = None
    language: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Tags:
    """The tags of one kind: how many, and the text and line of each that was read."""

    count: int
    texts: tuple[str, ...]
    lines: tuple[int, ...]

    @property
    def are_empty(self) -> int:
        return int(bool(self.texts) and not any(self.texts))

    @property
    def first(self) -> str | None:
        return next((plain(text) for text in self.texts if text), None)


def measure_seo_tags(page: Page) -> Evidence:
    """The evidence for ``seoTagsPresent``. Never raises, whatever the page holds."""
    if page.status in GONE:
        return Evidence(facts=SeoTags(http_status=page.status))
    details = Details()
    facts = {**_texts(page, details), **measure_canonical(page, details), **_filing(page, details)}
    return Evidence(facts=SeoTags(http_status=page.status, **facts), details=details.told())


def _texts(page: Page, details: Details) -> dict[str, Any]:
    """The facts about title, description and h1."""
    titles = _tags([element for element in page.head if element.tag == "title"])
    descriptions = _tags([element for element in page.head if _is_description(element)], attribute="content")
    h1s = _tags([element for element in page.elements if element.tag == "h1"])
    for name, tags in (("title", titles), ("description", descriptions), ("h1", h1s)):
        _check_occurrence(name, tags, details)
    return {
        "titles": titles.count,
        "titles_empty": titles.are_empty,
        "title": titles.first,
        "descriptions": descriptions.count,
        "descriptions_empty": descriptions.are_empty,
        "description": descriptions.first,
        "description_length": max(map(len, descriptions.texts)) if descriptions.first else None,
        "h1s": h1s.count,
        "h1s_empty": h1s.are_empty,
        "h1": h1s.first,
    }


def _filing(page: Page, details: Details) -> dict[str, Any]:
    """The facts about indexing, language, and where tags and page stand."""
    language = (page.elements[0].get("lang") or "").strip() if page.elements else ""
    _check_robots(page, details)
    _check_outside_head(page, details)
    return {
        "noindex": details.count("robots_noindex"),
        "noindex_for_others": details.count("robots_noindex_others"),
        "tags_outside_head": details.count("outside_head"),
        "redirected": _check_redirect(page, details),
        "languages": int(bool(language)),
        "language": plain(language, 40) or None,
    }


def _tags(elements: Sequence[Element], attribute: str | None = None) -> _Tags:
    read = elements if attribute else elements[:_TEXTS_READ]
    texts = (" ".join((e.get(attribute) or "").split()) if attribute else text_of(e) for e in read)
    # Editors fill an empty heading with a zero-width space, which nobody reads.
    seen = tuple(text if any(map(str.isprintable, text.replace(" ", ""))) else "" for text in texts)
    return _Tags(count=len(elements), texts=seen, lines=tuple(map(line_number, read)))


def _is_description(element: Element) -> bool:
    return element.tag == "meta" and (element.get("name") or "").strip().lower() == "description"


def _check_occurrence(name: str, tags: _Tags, details: Details) -> None:
    """Details for a tag that stands several times, or says nothing; a missing one has no place to point at."""
    if tags.count > 1:
        lines = ", ".join(map(str, tags.lines[:_LINES_NAMED]))
        details.add(f"{name}_repeated", f"{tags.count}, on lines {lines}", f"line {tags.lines[1]}")
    if tags.are_empty:
        details.add(f"{name}_empty", "it says nothing", f"line {tags.lines[0]}")


def _check_outside_head(page: Page, details: Details) -> None:
    after = page.elements[len(page.head) :]
    for element in after:
        is_title = element.tag == "title" and next(element.iterancestors("svg"), None) is None
        if is_title or _is_description(element) or is_canonical(element):
            name = "title" if is_title else "canonical link" if element.tag == "link" else "description"
            ended = f"<{after[0].tag}> on line {line_number(after[0])} ended the head"
            details.add("outside_head", f"this {name} is ignored: {ended}", f"line {line_number(element)}")


def _check_robots(page: Page, details: Details) -> None:
    for one in prohibitions(page):
        code = "robots_noindex" if one.is_general else "robots_noindex_others"
        details.add(code, f"{one.directive} for {quoted(one.agent, 40)}", one.where)


def _check_redirect(page: Page, details: Details) -> int | None:
    if page.url is None or page.final_url is None:
        return None
    if page_key(page.url) == page_key(page.final_url):
        return 0
    details.add("redirected", f"the address leads to {quoted(page.final_url, 200)}")
    return 1
