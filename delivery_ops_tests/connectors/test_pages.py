"""What lies between two sightings of a page. At stake: the one table that push and pull both read from."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from delivery_ops.connectors.mapping import DeliverableRule
from delivery_ops.connectors.pages import Seen, Site, changed, deleted
from delivery_ops.contracts.registry import registry

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
NOW = NINE + timedelta(hours=8)
SITE = Site(name="site", client_id="acme", url="http://a.example", rule=DeliverableRule(place="tag", value="x"))


def at(hour):
    return NINE.replace(hour=hour)


def seen(hour, *, live=True, published=9, scheduled=False, deliverable="d-1", url="http://a.example/p/"):
    return Seen(
        object_id="7",
        is_live=live,
        modified_at=at(hour),
        published_at=published and at(published),
        deliverable_id=deliverable,
        url=url,
        is_scheduled=scheduled,
    )


def draft(hour, published=None, **more):
    return seen(hour, live=False, published=published, **more)


ELSEWHERE = "http://a.example/q/"
CASES = {
    "first seen, untouched": (None, seen(9), ["published 9"]),
    "first seen, edited": (None, seen(11), ["published 9", "updated 11"]),
    "first seen as a draft": (None, draft(9), []),
    "first seen withdrawn": (None, draft(11, published=9), []),
    "first seen, nobody's": (None, seen(9, deliverable=None), []),
    "a draft goes live": (draft(8), seen(9), ["published 9"]),
    "a draft goes live and is edited": (draft(8), seen(11), ["published 9", "updated 11"]),
    "a scheduled page goes live": (draft(8, published=9, scheduled=True), seen(9), ["published 9"]),
    "edited": (seen(9), seen(11), ["updated 11"]),
    "withdrawn": (seen(9), draft(11, published=9), ["unpublished 11"]),
    "brought back": (draft(11, published=9), seen(12), ["published 12", "updated 12"]),
    "a withdrawn page edited": (draft(11, published=9), draft(12, published=9), []),
    "moved": (seen(9), seen(11, url=ELSEWHERE), ["updated 11 q", "unpublished 11"]),
    "moved and withdrawn": (seen(9), draft(11, published=9, url=ELSEWHERE), ["unpublished 11"]),
    "given to another": (
        seen(9),
        seen(11, deliverable="d-2"),
        ["published 11 d-2", "updated 11 d-2", "unpublished 11"],
    ),
    "given to nobody": (seen(9), seen(11, deliverable=None), ["unpublished 11"]),
    "nobody's becomes one": (seen(9, deliverable=None), seen(11), ["published 9", "published 11", "updated 11"]),
    "nobody's stays": (seen(9, deliverable=None), draft(11, published=9, deliverable=None), []),
    "live without a publication time": (None, seen(11, published=None), ["published 11"]),
}


def short(event):
    transition, instant = event.idempotency_key.split("/")[1:]
    marks = [transition, str(datetime.fromisoformat(instant).hour)]
    marks += ["d-2"] if event.deliverable_id == "d-2" else []
    return " ".join(marks + (["q"] if event.payload["url"] == ELSEWHERE else []))


@pytest.mark.parametrize(("before", "after", "expected"), CASES.values(), ids=CASES)
def test_every_pair_of_sightings_tells_this(before, after, expected):
    found = changed(SITE, before, after, seen_at=NOW)
    assert [short(event) for event in found] == expected
    assert all(registry().validate(event) == event for event in found)


@pytest.mark.parametrize(
    ("before", "is_told"),
    [
        (seen(9), True),
        (draft(11, published=9), True),
        (draft(9), False),
        (draft(9, published=12, scheduled=True), False),
        (seen(9, deliverable=None), False),
    ],
    ids=["live", "withdrawn", "never live", "only due", "nobody's"],
)
def test_a_deletion_is_told_of_whatever_could_be_visited(before, is_told):
    found = deleted(SITE, before, seen_at=NOW)
    told = [("page.unpublished", "7/deleted", NOW)] if is_told else []
    assert [(one.event_type, one.idempotency_key, one.timestamp) for one in found] == told


def test_the_key_holds_the_sources_own_time_in_utc_to_the_millisecond():
    exact = datetime.fromisoformat("2026-03-02T11:00:00.250+02:00")
    [event] = changed(SITE, None, replace(seen(9), published_at=exact, modified_at=exact), seen_at=NOW)
    assert event.idempotency_key == "7/published/2026-03-02T09:00:00.250Z"


def test_a_time_in_the_future_stays_in_the_key_only():
    [event] = changed(SITE, seen(9), seen(23), seen_at=NOW)
    assert event.timestamp == NOW
    assert event.idempotency_key.endswith("T23:00:00.000Z")


@pytest.mark.parametrize("url", ["http://a.example", "http://a.example/"])
def test_an_address_is_the_root_and_the_permalink(url):
    site = replace(SITE, url=url, permalink="/blog/{slug}/")
    assert site.address("x") == "http://a.example/blog/x/"
    assert site.address("x", permalink="/{slug}/") == "http://a.example/x/"
