"""What a Ghost webhook says happened. Pure.

Belongs here: telling the kind of event from the body. Ghost 5 names it nowhere, and one address receives all kinds: the
body holds one object as it is (``current``) and of how it was only what changed (``previous``). Nothing was changed in
one just added; all of it in one deleted, which has no ``current``. What the change means is told in ``pages``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from delivery_ops.connectors.delivery import Delivery
from delivery_ops.connectors.ghost.objects import PAGE, POST, address_fault, read
from delivery_ops.connectors.pages import Seen, Site, changed, deleted
from delivery_ops.contracts.envelope import EventDraft
from delivery_ops.contracts.strict_json import parse_json_strict
from delivery_ops.errors import Rejected


def translate(delivery: Delivery, site: Site) -> list[EventDraft]:
    """The events of an authentic delivery; none where it is of another kind (``site.changed``, members, tags), or says
    nothing new about a deliverable's page.

    Raises:
        Rejected: codes ``malformed_json``, ``malformed_delivery``, ``malformed_object``, ``unexpected_address``, and
            ``invalid_envelope`` for a deliverable_id that no event may carry.
    """
    body = parse_json_strict(delivery.body)
    if not isinstance(body, Mapping):
        raise _malformed("it is no object")
    return [draft for kind in (POST, PAGE) if kind in body for draft in _events(kind, body[kind], delivery, site)]


def _events(kind: str, change: Any, delivery: Delivery, site: Site) -> list[EventDraft]:
    current, previous = _states(kind, change)
    if not current:
        return deleted(site, read(kind, previous, site), seen_at=delivery.received_at)
    after = read(kind, current, site)
    if fault := address_fault(after, current):
        raise fault
    before = _before(kind, current, previous, site)
    return changed(site, before, after, seen_at=delivery.received_at)


def _before(kind: str, current: Mapping[str, Any], previous: Mapping[str, Any], site: Site) -> Seen | None:
    return read(kind, {**current, **previous}, site) if previous else None


def _states(kind: str, change: Any) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    if not isinstance(change, Mapping):
        raise _malformed(f"its {kind} is no object")
    current, previous = change.get("current"), change.get("previous", {})
    if not isinstance(current, Mapping) or not isinstance(previous, Mapping) or not (current or previous):
        raise _malformed(f"its {kind} has neither a current nor a previous state")
    return current, previous


def _malformed(cause: str) -> Rejected:
    return Rejected(
        "reading a webhook of Ghost",
        subject="the body",
        cause=cause,
        remedy="Compare it with Ghost's documentation; report it where Ghost itself sent it.",
        code="malformed_delivery",
    )
