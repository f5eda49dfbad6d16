"""One poll of a WordPress: what changed since the last one, and once a day all there is.

Belongs here: asking for it and reading it. Does not belong here: requests (``client``), what is made of a sighting
(``polling``), and when to poll. The daily listing finds what is gone, and whatever a poll by modified times cannot see:
a page written with a date of long ago, one saved while the site's clock was wrong, one that slipped over the border of
two pages.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import chain

from delivery_ops import clock
from delivery_ops.connectors.cursor import Cursor, Pulled
from delivery_ops.connectors.failures import AnswerMalformed, failure
from delivery_ops.connectors.pages import Seen, Site
from delivery_ops.connectors.polling import LISTING_EVERY, Poll
from delivery_ops.connectors.wordpress.client import DOING, RESOURCES, Object, WordPressClient
from delivery_ops.connectors.wordpress.objects import read
from delivery_ops.errors import Rejected


def pull(client: WordPressClient, site: Site, cursor: Cursor, *, listing_every: timedelta = LISTING_EVERY) -> Pulled:
    """What happened on ``site`` since ``cursor``, in the order of the modified times.

    Raises:
        DeliveryOpsError: one of ``failures``' errors; then nothing was found, and the cursor stands.
    """
    now = clock.now()
    poll = Poll(site, cursor, now=now, listing_every=listing_every)
    site_now = client.site_time() or now
    since = poll.since(site_now)
    listed = chain.from_iterable(client.changed(resource, since, site.rule) for resource in RESOURCES)
    seen, refused = _sightings(chain(listed, client.these(_due(cursor, site_now), site.rule)), site)
    for one in seen:
        poll.take(one)
    for error in refused:
        poll.refuse(error)
    if poll.is_listing:
        missing = poll.missing(seen)
        poll.drop((one for one in missing if not client.exists(one)), tells_of_live_only=True)
    return poll.result()


def _due(cursor: Cursor, site_now: datetime) -> list[str]:
    """The scheduled pages whose time has come: going live does not touch their modified time, so no list has them."""
    scheduled = [one for one in cursor.pages.values() if one.is_scheduled]
    return [one.object_id for one in scheduled if one.published_at is not None and one.published_at <= site_now]


def _sightings(rows: Iterable[Object], site: Site) -> tuple[list[Seen], list[Rejected]]:
    """The rows that can be read, in the order of their modified times, and why the others cannot: one page that a
    plugin spoilt stops no other. Where none can be read it is the answer that is spoilt."""
    seen: list[Seen] = []
    refused: list[Rejected] = []
    for row in rows:
        try:
            seen.append(read(row, site))
        except Rejected as error:
            refused.append(error)
    if refused and not seen:
        cause = f"{refused[0].subject}: {refused[0].cause}"
        raise failure(AnswerMalformed, DOING, subject=site.name, cause=cause) from refused[0]
    return sorted(seen, key=lambda one: one.modified_at), refused
