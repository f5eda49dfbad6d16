"""What a webhook of the plugin says happened. Pure.

Belongs here: the body's frame. It carries a page as it was and as it is, ``null`` for what was not yet or is no more;
what the difference means is told in ``pages``, for pull alike.
"""

from __future__ import annotations

from collections.abc import Mapping

from delivery_ops.connectors.delivery import Delivery
from delivery_ops.connectors.pages import Seen, Site, changed, deleted
from delivery_ops.connectors.wordpress.objects import read
from delivery_ops.contracts.envelope import EventDraft
from delivery_ops.contracts.strict_json import parse_json_strict
from delivery_ops.errors import Rejected

SAVED, DELETED = "page.saved", "page.deleted"


def translate(delivery: Delivery, site: Site) -> list[EventDraft]:
    """The events of an authentic delivery; none where it is of another kind, or says nothing new about a deliverable's
    page.

    Raises:
        Rejected: codes ``malformed_json``, ``malformed_delivery``, ``malformed_object``, and ``invalid_envelope`` for
            a deliverable_id that no event may carry.
    """
    body = parse_json_strict(delivery.body)
    kind, data = (body.get("type"), body.get("data")) if isinstance(body, Mapping) else (None, None)
    if not isinstance(kind, str):
        raise _malformed("it names no type")
    if kind not in {SAVED, DELETED}:
        return []
    before, after = _state(data, "before", site), _state(data, "after", site)
    if kind == DELETED:
        if before is None or after is not None:
            raise _malformed("a deleted page has a state before, and none after")
        return deleted(site, before, seen_at=delivery.received_at) if before.is_live else []
    if after is None or (before is not None and before.object_id != after.object_id):
        raise _malformed("a saved page has a state after, and before it none or one of its own")
    if before is not None and _stand(before) == _stand(after):
        return []
    return changed(site, before, after, seen_at=delivery.received_at)


def _stand(seen: Seen) -> tuple[object, ...]:
    """What makes a difference. Two saves within one second are one to a pull; so they are here."""
    return seen.is_live, seen.modified_at, seen.deliverable_id, seen.url


def _state(data: object, name: str, site: Site) -> Seen | None:
    if not isinstance(data, Mapping) or name not in data:
        raise _malformed(f"its data has no {name}")
    return None if data[name] is None else read(data[name], site)


def _malformed(cause: str) -> Rejected:
    return Rejected(
        "reading a webhook of WordPress",
        subject="the body",
        cause=cause,
        remedy="Install the plugin of this version; report it where that is what sent it.",
        code="malformed_delivery",
    )
