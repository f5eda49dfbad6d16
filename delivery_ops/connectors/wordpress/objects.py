"""A page or post of WordPress, as the plugin and the client both write it down, read as a sighting.

Belongs here: the few fields that both ways give, and their checks. Does not belong here: what changed (``pages``). The
hard part is time. WordPress has whole seconds, in UTC but without saying so, and dates a draft anew at every save until
it first goes live; it reads the clock twice in one save; and it does not touch the modified time of a scheduled page
that goes live. What both ways can tell of that is settled here, once, so that push and pull agree.

A date of its own is all that a page which is not live keeps of having been live, and the trash gives one to a draft
too: restored, it passes for a page that was live once.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from delivery_ops.connectors.mapping import PageFacts
from delivery_ops.connectors.pages import Seen, Site
from delivery_ops.errors import Rejected

TYPES = ("page", "post")
SAME_SAVE = timedelta(seconds=1)
"""How far apart the two times can lie that one save writes."""

_DATED = ("publish", "future", "trash")
_INSTANT = re.compile(r"-?[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}")
_NEVER = ("0000-00-00", "-0001-11-30")  # MySQL's zero date, and what PHP makes of it
_UNSAVED = datetime(1970, 1, 1, tzinfo=UTC)  # a draft just made has no times at all


def read(found: object, site: Site) -> Seen:
    """The page or post ``found``: id, type, status, date_gmt, modified_gmt, link, slug, tags (names) and field.

    ``link`` is where it lives or, while it is not live, where it would; null (an empty ``url``) where that is not
    known. ``field`` is the text of the field that the site's rule names, if it names one.

    Raises:
        Rejected: code ``malformed_object``: WordPress does not write such objects.
    """
    if not isinstance(found, Mapping):
        _malformed("a page or post", "it is no object")
    object_id, status = found.get("id"), found.get("status")
    if type(object_id) is not int or object_id < 1:
        _malformed("a page or post", f"its id is {object_id!r:.80}")
    if found.get("type") not in TYPES or not isinstance(status, str):
        _malformed(f"number {object_id}", f"its type is {found.get('type')!r:.80}, its status {status!r:.80}")
    is_live, is_scheduled = status == "publish", status == "future"
    dated_at = _instant(found, "date_gmt")
    modified_at = _instant(found, "modified_gmt") or dated_at
    if modified_at is None and is_live:
        _malformed(f"number {object_id}", "it is live, and neither dated nor ever modified")
    modified_at = modified_at or _UNSAVED
    is_untouched = dated_at is not None and modified_at - dated_at <= SAME_SAVE
    return Seen(
        object_id=str(object_id),
        is_live=is_live,
        is_scheduled=is_scheduled,
        modified_at=dated_at if is_live and is_untouched and dated_at else modified_at,
        # A draft's date is that of its last save, or null, until it was live or in the trash: then the date stays.
        published_at=dated_at if status in _DATED or not is_untouched else None,
        deliverable_id=site.rule.deliverable_of(_facts(found, site)),
        url=_link(found),
    )


def _facts(found: Mapping[str, Any], site: Site) -> PageFacts:
    tags = found.get("tags")
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        _malformed(f"number {found['id']}", "its tags are no list of names")
    field = found.get("field")
    return PageFacts(
        url=_link(found),
        slug=_text(found, "slug"),
        tags=tuple(sorted(html.unescape(tag) for tag in tags)),  # WordPress stores names as HTML
        fields={site.rule.value: str(field)} if isinstance(field, str | int) else {},
    )


def _link(found: Mapping[str, Any]) -> str:
    return "" if found.get("link") is None and found.get("status") != "publish" else _text(found, "link")


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str):
        _malformed(f"number {found['id']}", f"its {name} is {type(value).__name__}")
    return value


def _instant(found: Mapping[str, Any], name: str) -> datetime | None:
    value = found.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        _malformed(f"number {found['id']}", f"its {name} is {value!r:.80}")
    if value.startswith(_NEVER):
        return None
    try:
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    except ValueError as error:
        _malformed(f"number {found['id']}", f"its {name} is {value}: {error}")


def _malformed(subject: str, cause: str) -> NoReturn:
    raise Rejected(
        "reading a page of WordPress",
        subject=subject,
        cause=cause,
        remedy="See which plugin of the site changes the REST API or the webhooks; report it where none does.",
        code="malformed_object",
    )
