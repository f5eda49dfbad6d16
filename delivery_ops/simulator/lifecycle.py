"""From intake to publication: when each deliverable reached what, as events of its source systems.

Belongs here: publication dates and the events of each lifecycle. Times are office work in Berlin, counted back from
publication. Does not belong here: stages, which the product folds from the events, and what is wrong with the feed
(``feed``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from urllib.parse import quote

from delivery_ops.simulator import planted
from delivery_ops.simulator.business_time import local, shift
from delivery_ops.simulator.catalogue import CLIENTS, FOLDERS, TYPES, WORK, kind_of
from delivery_ops.simulator.dice import dice
from delivery_ops.simulator.records import Client, Deliverable, Event

LAST_WORKING_HOUR = datetime(2026, 3, 27, 15, 0, tzinfo=UTC)
_FIRST, _LAST = date(2026, 1, 14), date(2026, 3, 26)
_DAY = 9 * 60
# By the first part of an event's type: the system that tells it, the role that did it.
TOLD_BY = {
    "intake": ("pm", "account_manager"),
    "scope": ("pm", "account_manager"),
    "work": ("pm", "strategist"),
    "asset": ("dam", "designer"),
    "page": ("cms", "publisher"),
    "sitemap": ("cms", "publisher"),
    "invoice": ("billing", "finance"),
}


def deliverables(seed: int) -> tuple[Deliverable, ...]:
    """Every deliverable, in the order of the catalogue."""
    return tuple(made for client in CLIENTS for made in _of_client(seed, client))


def _of_client(seed: int, client: Client) -> Iterator[Deliverable]:
    stream = dice(seed, "publication", client.client_id)
    names = [name for name, _, _ in WORK[client.client_id]]
    free = [name for name in names if name not in planted.IN_THE_MAKING and name not in planted.PUBLISHED_ON]
    stream.shuffle(free)
    span = (_LAST - _FIRST).days
    days = {name: _FIRST + timedelta(days=span * at // (len(free) - 1)) for at, name in enumerate(free)}
    days |= planted.PUBLISHED_ON
    for name, slug, title in WORK[client.client_id]:
        kind, minute, planned = kind_of(name), stream.randrange(8 * 60), stream.random() < 0.5
        published = shift(local(days[name], time(9)), minute) if name in days else None
        if name == planted.PUBLISHED_BY_TIMER:
            published = local(days[name], time(3, 30))
        yield Deliverable(
            deliverable_id=name,
            client_id=client.client_id,
            type=TYPES[kind],
            slug=slug,
            title=title,
            published_at=published,
            url=f"{client.site}{FOLDERS[kind]}{quote(slug)}/" if published else None,
            planned_url=planned and published is not None,
            in_file=name != planted.REGISTERED_BY_RULE,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Step:
    """Something done ``at`` working minutes after intake (or, after publication, after that)."""

    at: int
    event_type: str
    payload: dict[str, Any]


def lifecycle(seed: int, deliverable: Deliverable) -> list[Event]:
    """The events of one deliverable, in order."""
    stream = dice(seed, "lifecycle", deliverable.deliverable_id)
    steps = _making(stream, deliverable)
    ended = deliverable.published_at or LAST_WORKING_HOUR
    began = shift(ended, -(steps[-1].at + stream.randint(1 * _DAY, 3 * _DAY)))
    dated = [(shift(began, step.at), step) for step in steps]
    if deliverable.published_at and deliverable.url:
        after = [_Step(at=0, event_type="page.published", payload={"url": deliverable.url})]
        after += _after_publication(stream, deliverable)
        dated.append((deliverable.published_at, after[0]))
        dated += [(shift(deliverable.published_at, step.at), step) for step in after[1:]]
    told: dict[str, int] = {}
    events = []
    for timestamp, step in dated:
        told[step.event_type] = told.get(step.event_type, 0) + 1
        source, role = TOLD_BY[step.event_type.partition(".")[0]]
        events.append(
            Event(
                event_type=step.event_type,
                source=source,
                idempotency_key=f"{deliverable.deliverable_id}/{step.event_type}/{told[step.event_type]}",
                timestamp=timestamp,
                role=role,
                actor=f"u-{stream.randint(1, 9):02}",
                deliverable_id=deliverable.deliverable_id,
                client_id=deliverable.client_id,
                payload=step.payload,
            )
        )
    return [event for event in events if event.timestamp <= max(ended, LAST_WORKING_HOUR)]


def _making(stream: Random, deliverable: Deliverable) -> list[_Step]:
    """Intake, scope, design with its revisions, approval: as far as the deliverable has come."""
    name, steps = deliverable.deliverable_id, [_Step(at=0, event_type="intake.received", payload={})]
    reached = planted.IN_THE_MAKING.get(name)

    def then(days: float, event_type: str, **payload: Any) -> None:
        minutes = round(stream.uniform(0.5, 1.5) * days * _DAY)
        steps.append(_Step(at=steps[-1].at + minutes, event_type=event_type, payload=payload))

    # One client's tool still says "approved"; the contract takes it as an alias.
    scoped = "scope.approved" if deliverable.client_id == "pellworm" else "scope.accepted"
    if reached == "intake":
        return steps
    then(1.5, scoped)
    if reached == "scope":
        return steps
    for version in range(1, stream.choice((2, 2, 3, 4)) + 1):
        then(1.2, "work.logged", minutes=15 * stream.randint(4, 30), activity=stream.choice(("copy", "design")))
        then(0.1, "asset.uploaded", asset=f"{name}/v{version}")
        if version > 1 and stream.random() < 0.6:
            then(0.4, "asset.revision_requested", reason=stream.choice(("tone", "images", "legal", "wording")))
            then(0.5, "asset.uploaded", asset=f"{name}/v{version}b")
    if reached == "design":
        return steps
    then(0.5, "asset.approved")
    if name == planted.ILLEGAL_MOVE:
        then(0.3, scoped)
    return steps


def _after_publication(stream: Random, deliverable: Deliverable) -> list[_Step]:
    if deliverable.deliverable_id == planted.REVISED_AFTER_PUBLICATION:
        return [
            _Step(at=300, event_type="asset.revision_requested", payload={"reason": "legal"}),
            _Step(at=700, event_type="asset.uploaded", payload={"asset": f"{deliverable.deliverable_id}/legal"}),
            _Step(at=800, event_type="asset.approved", payload={}),
            _Step(at=860, event_type="page.published", payload={"url": deliverable.url}),
        ]
    if deliverable.deliverable_id == planted.UNPUBLISHED:
        return [_Step(at=12 * _DAY, event_type="page.unpublished", payload={"url": deliverable.url})]
    if stream.random() < 0.35:
        return [_Step(at=stream.randint(2, 6) * _DAY, event_type="page.updated", payload={"url": deliverable.url})]
    return []
