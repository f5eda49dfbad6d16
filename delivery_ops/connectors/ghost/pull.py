"""One poll of a Ghost: what changed since the last one, and once a day all there is.

Belongs here: asking for it and reading it. Does not belong here: requests (``client``), what is made of a sighting
(``polling``), and when to poll.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from delivery_ops import clock
from delivery_ops.connectors.cursor import Cursor, Pulled
from delivery_ops.connectors.failures import AnswerMalformed, failure
from delivery_ops.connectors.ghost.client import DOING, RESOURCES, GhostClient
from delivery_ops.connectors.ghost.objects import PAGE, POST, address_fault, read
from delivery_ops.connectors.pages import Seen, Site
from delivery_ops.connectors.polling import LISTING_EVERY, Poll
from delivery_ops.errors import Rejected

_KINDS = dict(zip(RESOURCES, (POST, PAGE), strict=True))


def pull(client: GhostClient, site: Site, cursor: Cursor, *, listing_every: timedelta = LISTING_EVERY) -> Pulled:
    """What happened on ``site`` since ``cursor``, in the order of the modified times.

    Raises:
        DeliveryOpsError: one of ``failures``' errors; then nothing was found, and the cursor stands.
    """
    poll = Poll(site, cursor, now=clock.now(), listing_every=listing_every)
    sightings = sorted(_sightings(client, site, poll.since(client.site_time())), key=lambda one: one[0].modified_at)
    for seen, fault in sightings:
        poll.take(seen, fault)
    if poll.is_listing:
        missing = poll.missing(seen for seen, _ in sightings)
        poll.drop(object_id for object_id in missing if not client.exists(object_id))
    return poll.result()


def _sightings(client: GhostClient, site: Site, since: datetime | None) -> Iterator[tuple[Seen, Rejected | None]]:
    for resource, kind in _KINDS.items():
        for found in client.changed(resource, since):
            try:
                seen = read(kind, found, site)
            except Rejected as error:
                subject = f"{site.name}, {error.subject}"
                raise failure(AnswerMalformed, DOING, subject=subject, cause=error.cause) from error
            yield seen, address_fault(seen, found)
