"""A page's bytes, parsed once for all gates, however hostile they are.

Belongs here: the encoding, the limits, the parse, and which elements count (head or body, in a template or not).
Does not belong here: what a gate looks for. The parser is libxml2's through lxml: on hostile input it is linear where
HTML5 tree builders in Python are not, with one exception that the limits close (a tag with 100,000 attributes took it
12 s). The HTML standard's rule for where the head ends is applied here: the first element that may not stand in a
head ends it, and a canonical link after that is ignored by search engines.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NoReturn, cast

from lxml import etree

from delivery_ops.gates.evidence.encoding import encoding_of
from delivery_ops.gates.failures import FailureCode, PageNotMeasured
from delivery_ops.gates.transport import Headers, header

Element = etree._Element

MAX_BYTES = 5 << 20
MAX_DEPTH = 512  # where browsers stop nesting as well
MAX_ELEMENTS = 200_000
MAX_ATTRIBUTES = 2_000

_CHUNK = 1 << 16
_HEAD_TAGS = frozenset(
    {"html", "head", "base", "basefont", "bgsound", "link", "meta", "noscript", "script", "style", "template", "title"}
)
_INERT_TAGS = frozenset({"noscript", "template"})
_UNREAD_TAGS = _INERT_TAGS | {"script", "style"}

# The bytes by which the WHATWG's sniffing tells binary data from text, and how far it looks.
_BINARY = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
_SNIFFED = 1_445


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """A page as the gates see it.

    ``url`` is the address it is delivered at (``None``: unknown, as for a file), ``final_url`` where the redirects
    ended. ``elements`` are all elements in document order, without what stands inside noscript and template: a
    browser with scripting sees neither. ``head`` are those of them that belong to the head.
    """

    url: str | None
    final_url: str | None
    status: int
    headers: Headers
    encoding: str
    elements: tuple[Element, ...]
    head: tuple[Element, ...]


def read_page(
    body: bytes,
    *,
    url: str | None,
    final_url: str | None = None,
    status: int = 200,
    headers: Headers = (),
) -> Page:
    """The page that ``body`` and ``headers`` are. A document without any element is a page too: an empty one.

    Raises:
        PageNotMeasured: ``too_large``, ``too_complex`` or ``not_html``.
    """
    subject = url or "the page"
    if len(body) > MAX_BYTES:
        _fail(subject, f"its HTML is larger than {MAX_BYTES >> 20} MiB", "too_large")
    content_type = header(headers, "content-type")
    encoding = encoding_of(body, content_type)
    if not content_type and not encoding.startswith("utf-16") and _BINARY.search(body[:_SNIFFED]):
        _fail(subject, "it is binary data, not HTML", "not_html")
    text = body.decode(encoding, errors="replace").removeprefix("\ufeff").encode()
    root = _parsed(text, subject)
    elements = () if root is None else tuple(_counted_elements(root))
    return Page(
        url=url,
        final_url=final_url or url,
        status=status,
        headers=headers,
        encoding=encoding,
        elements=elements,
        head=tuple(itertools.takewhile(lambda element: element.tag in _HEAD_TAGS, elements)),
    )


def line_number(element: Element) -> int:
    """The line of the page, counted from 1, on which ``element``'s tag ends. libxml2 counts no further than 65,535."""
    return cast("int", element.sourceline)


def text_of(element: Element) -> str:
    """What a reader reads in ``element``, white space collapsed, or else the text of a picture which stands for it."""
    text = " ".join("".join(_read_in(element)).split())
    pictures = (inner.get("alt", "").strip() for inner in _counted_elements(element) if inner.tag == "img")
    return text or next(filter(None, pictures), "")


def _read_in(element: Element) -> Iterator[str]:
    walk = etree.iterwalk(element, events=("start", "end"))
    for event, inner in walk:
        if event == "end":
            yield (inner.tail or "") if inner is not element else ""
        elif inner.tag in _UNREAD_TAGS:
            walk.skip_subtree()
        else:
            yield inner.text or ""


def _parsed(text: bytes, subject: str) -> Element | None:
    if not text.strip():
        return None
    _check_limits(text, subject)
    # The parser must not cut a document off silently at its own depth of 256: huge_tree, and limits of our own.
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True, no_network=True)
    return etree.fromstring(text, parser)


def _check_limits(text: bytes, subject: str) -> None:
    """Run the parser once without building a tree, which is where its cost explodes."""
    limits = _Limits(subject)
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, target=limits)
    for at in range(0, len(text), _CHUNK):
        parser.feed(text[at : at + _CHUNK])
    parser.close()


class _Limits:
    """A parser target that counts, and stops the parse at a limit."""

    def __init__(self, subject: str) -> None:
        self._subject = subject
        self._elements = 0
        self._depth = 0

    def start(self, tag: str | bytes, attrib: Mapping[str | bytes, str | bytes]) -> None:  # noqa: ARG002 - lxml's
        self._elements += 1
        self._depth += 1
        if self._depth > MAX_DEPTH:
            _fail(self._subject, f"its elements nest deeper than {MAX_DEPTH}", "too_complex")
        if self._elements > MAX_ELEMENTS:
            _fail(self._subject, f"it has more than {MAX_ELEMENTS} elements", "too_complex")
        if len(attrib) > MAX_ATTRIBUTES:
            _fail(self._subject, f"one element has more than {MAX_ATTRIBUTES} attributes", "too_complex")

    def end(self, tag: str | bytes) -> None:  # noqa: ARG002
        self._depth -= 1

    def data(self, data: str | bytes) -> None:
        """Text is bounded by the page's size."""

    def comment(self, text: str | bytes) -> None:
        """So are comments."""

    def close(self) -> None:
        """Nothing was built."""


def _counted_elements(root: Element) -> Iterator[Element]:
    walk = etree.iterwalk(root, events=("start",))
    for _, element in walk:
        if element.tag in _INERT_TAGS:
            walk.skip_subtree()
        yield element


def _fail(subject: str, cause: str, code: FailureCode) -> NoReturn:
    raise PageNotMeasured(
        "reading a page",
        subject=subject,
        cause=cause,
        remedy="Look at the page's source; a page like this is not made for readers.",
        code=code,
    )
