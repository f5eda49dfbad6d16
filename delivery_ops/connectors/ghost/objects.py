"""A post or page as Ghost writes it, in webhooks and in the Admin API alike, read as a sighting.

Belongs here: the few fields that both give, and their checks. Does not belong here: what changed (``pages``). Where a
draft would live is not in it (its ``url`` is a preview), nor where a deleted page lived: the address is made from the
slug, and a live page that lives elsewhere is refused, so that no take-down ever names the wrong address.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn

from delivery_ops.connectors.mapping import PageFacts
from delivery_ops.connectors.pages import Seen, Site
from delivery_ops.errors import Rejected
from delivery_ops.urls import page_key

POST, PAGE = "post", "page"

#: The text fields a deliverable rule may name: those that Ghost gives of a deleted page as well.
FIELDS = ("custom_excerpt", "codeinjection_head", "codeinjection_foot", "custom_template", "canonical_url")

# Collections in routes.yaml move posts; a page is always at the root.
_PAGE_PERMALINK = "/{slug}/"
_ID = re.compile(r"[0-9a-f]{24}")


def read(kind: str, found: object, site: Site) -> Seen:
    """The post or page ``found``.

    Raises:
        Rejected: code ``malformed_object``: Ghost does not write such objects.
    """
    if not isinstance(found, Mapping):
        _malformed(kind, "it is no object")
    object_id, slug, status = (_text(kind, found, name) for name in ("id", "slug", "status"))
    if not _ID.fullmatch(object_id):
        _malformed(kind, f"its id is {object_id!r:.80}")
    url = site.address(slug, permalink=_PAGE_PERMALINK if kind == PAGE else None)
    facts = PageFacts(
        url=url,
        slug=slug,
        tags=tuple(_tags(kind, found)),
        fields={name: found[name] for name in FIELDS if isinstance(found.get(name), str)},
    )
    modified_at = _instant(kind, found, "updated_at")
    if modified_at is None:
        _malformed(kind, "its updated_at is null")
    return Seen(
        object_id=object_id,
        is_live=status == "published",  # "sent" is an e-mail only: it has no page of its own
        is_scheduled=status == "scheduled",
        modified_at=modified_at,
        published_at=_instant(kind, found, "published_at"),
        deliverable_id=site.rule.deliverable_of(facts),
        url=url,
    )


def address_fault(seen: Seen, found: Mapping[str, Any]) -> Rejected | None:
    """Why a live page cannot be used: it is not where its address says (code ``unexpected_address``); else None."""
    if not (seen.is_live and seen.is_tracked) or page_key(str(found.get("url"))) == page_key(seen.url):
        return None
    return Rejected(
        "reading a page of Ghost",
        subject=f"{seen.object_id} ({seen.deliverable_id})",
        cause=f"it lives at {found.get('url')!r:.300}, not at {seen.url}",
        remedy="Set the connector's url and permalink as Ghost's own url and routes.yaml say; then save it again.",
        code="unexpected_address",
    )


def _tags(kind: str, found: Mapping[str, Any]) -> list[str]:
    tags = found.get("tags", [])
    names = [tag.get("name") for tag in tags if isinstance(tag, Mapping)] if isinstance(tags, list) else []
    texts = [name for name in names if isinstance(name, str)]
    if not isinstance(tags, list) or len(texts) != len(tags):
        _malformed(kind, "its tags are no list of named tags")
    return texts


def _text(kind: str, found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str) or not value:
        _malformed(kind, f"its {name} is {type(value).__name__ if value != '' else 'empty'}")
    return value


def _instant(kind: str, found: Mapping[str, Any], name: str) -> datetime | None:
    value = found.get(name)
    if value is None:
        return None
    try:
        instant = datetime.fromisoformat(value)
        in_utc = instant.astimezone(UTC)
    except (OverflowError, TypeError, ValueError):
        _malformed(kind, f"its {name} is {value!r:.80}")
    if instant.utcoffset() is None:
        _malformed(kind, f"its {name} has no zone: {value!r:.80}")
    return in_utc


def _malformed(kind: str, cause: str) -> NoReturn:
    raise Rejected(
        "reading a page of Ghost",
        subject=f"a {kind}",
        cause=cause,
        remedy="Compare it with Ghost's documentation; report it where Ghost itself sent it.",
        code="malformed_object",
    )
