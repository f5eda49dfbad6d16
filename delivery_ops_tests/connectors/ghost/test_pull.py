"""One poll after another. At stake: what a site in trouble does to the trail, and that it recovers without a hand."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from delivery_ops import clock
from delivery_ops.connectors.cursor import Cursor
from delivery_ops.connectors.failures import AnswerMalformed, CredentialsRefused, SourceUnavailable
from delivery_ops.connectors.ghost.client import GhostClient
from delivery_ops.connectors.ghost.pull import pull
from delivery_ops.connectors.mapping import DeliverableRule
from delivery_ops.connectors.pages import Site
from delivery_ops.connectors.polling import LISTING_EVERY
from delivery_ops.errors import DeliveryOpsError
from delivery_ops.simulator.loopback import Answer
from delivery_ops_tests.connectors.ghost.editing import POLL, START, Poller
from delivery_ops_tests.connectors.ghost.server import KEY, Ghost

SITE = Site(
    name="agency-site",
    client_id="acme",
    url="http://www.agency.example/",
    rule=DeliverableRule(place="slug_prefix", value="dlv-[0-9]+"),
)


@pytest.fixture
def ghost():
    return Ghost(START)


@pytest.fixture
def poller(ghost):
    """Polls ``ghost`` five minutes after whatever was done last."""
    with ghost.listening() as url:
        yield Later(ghost, SITE, url, listing_every=LISTING_EVERY)


class Later(Poller):
    def poll(self):
        self.ghost.at += POLL
        return super().poll()

    def types(self):
        return [one.event_type for one in self.poll()]


def broken(ghost, answer, *, where=""):
    """``ghost`` as it answers those requests that have ``where`` in their address; gives what mends it."""
    healthy = ghost.respond

    def respond(request):
        true = healthy(request)
        return answer(true) if where in request.target else true

    ghost.respond = respond
    return lambda: setattr(ghost, "respond", healthy)


def changed_json(change):
    def answer(true):
        body = json.loads(true.body)
        change(body)
        return replace(true, body=json.dumps(body).encode())

    return answer


def test_events_come_in_the_order_of_what_happened_over_posts_and_pages(ghost, poller):
    for number, kind in enumerate(("page", "post", "page")):
        ghost.at += timedelta(seconds=1)
        ghost.add(kind, f"dlv-{number}", status="published")
    assert [one.deliverable_id for one in poller.poll()] == ["dlv-0", "dlv-1", "dlv-2"]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (lambda _: Answer(status=503, body=b"<h1>down</h1>"), SourceUnavailable),
        (lambda _: Answer(body=b"<h1>hello</h1>"), AnswerMalformed),
        (lambda _: None, SourceUnavailable),
        (
            lambda _: Answer(status=401, body=b'{"errors":[{"message":"Unknown Admin API Key","type":"U"}]}'),
            CredentialsRefused,
        ),
        (changed_json(lambda body: body["posts"][0].update(status=None)), AnswerMalformed),
        (changed_json(lambda body: body["posts"][0].update(updated_at="yesterday")), AnswerMalformed),
        (changed_json(lambda body: body["posts"][0].pop("slug")), AnswerMalformed),
    ],
    ids=["down", "HTML", "broken off", "key withdrawn", "no status", "no time", "no slug"],
)
def test_a_site_in_trouble_loses_nothing_and_recovers_by_itself(ghost, poller, answer, kind):
    ghost.add("post", "dlv-1", status="published")
    assert poller.types() == ["page.published"]
    mend = broken(ghost, answer, where="include=tags" if kind is AnswerMalformed else "")
    ghost.save(next(iter(ghost.entries)), html="<p>New.</p>")
    stood = poller.stored
    for _ in range(3):
        with pytest.raises(kind) as failed:
            poller.poll()
        assert isinstance(failed.value, DeliveryOpsError)
    assert poller.stored == stood
    mend()
    assert poller.types() == ["page.updated"]


def test_a_site_that_breaks_between_two_pages_of_its_list_is_asked_again_from_the_start(ghost, poller):
    poller.page_size = 1
    for number in range(3):
        ghost.at += timedelta(seconds=1)
        ghost.add("post", f"dlv-{number}", status="published")
    mend = broken(ghost, lambda _: Answer(status=502), where="09%3A00%3A02")
    with pytest.raises(SourceUnavailable):
        poller.poll()
    mend()
    assert poller.types() == ["page.published"] * 3


@pytest.mark.parametrize(
    "jump", [timedelta(hours=-3), timedelta(minutes=-30), timedelta(minutes=30), timedelta(hours=3)]
)
def test_a_site_that_sets_its_clock_is_still_heard(ghost, poller, jump):
    """Changes made just before and just after the clock is set, by whatever time it then says."""
    ids = [ghost.add("post", f"dlv-{number}", status="published") for number in range(3)]
    poller.poll()
    offset = timedelta()

    def ours():
        return ghost.at - offset

    ghost.at += timedelta(minutes=1)
    ghost.save(ids[0], html="<p>Before.</p>")
    ghost.at += jump
    offset += jump
    ghost.save(ids[1], html="<p>After.</p>")
    poller.skew = -offset if abs(offset) < timedelta(minutes=5) else timedelta()
    ghost.at += timedelta(minutes=4)
    found = asked(ghost, poller, ours)
    assert sorted(one.deliverable_id for one in found) == ["dlv-0", "dlv-1"]
    ghost.at += POLL
    ghost.save(ids[2], html="<p>Later.</p>")
    found = asked(ghost, poller, ours)
    assert [one.deliverable_id for one in found] == ["dlv-2"]
    assert all(one.timestamp <= ours() for one in found)


def asked(ghost, poller, ours):
    """A poll by this machine's clock ``ours``, with a key that opens whatever the site's clock says."""
    clock.read_from(ours)
    api_key_is_good = ghost._refused
    ghost._refused = lambda request: None
    client = GhostClient(url=poller.url, key=KEY)
    found = pull(client, SITE, Cursor.from_json(poller.stored))
    ghost._refused = api_key_is_good
    poller.stored = found.cursor.to_json()
    return found.drafts


def test_a_post_dated_into_the_future_does_not_hide_what_comes_after(ghost, poller):
    ghost.add("post", "dlv-1", status="published")
    ahead = next(iter(ghost.entries))
    ghost.entries[ahead] = replace(ghost.entries[ahead], updated_at=START + timedelta(days=400))
    assert [one.timestamp <= ghost.at for one in poller.poll()] == [True, True]
    ghost.at += POLL
    ghost.add("post", "dlv-2", status="published")
    assert [one.deliverable_id for one in poller.poll()] == ["dlv-2"]
    assert poller.poll() == []


def test_a_quiet_site_is_asked_for_little(ghost, poller):
    for number in range(5):
        ghost.add("post", f"dlv-{number}", status="published")
        ghost.at += timedelta(minutes=10)
    poller.poll()
    ghost.requests.clear()
    assert poller.poll() == []
    assert len(ghost.requests) == 3
    assert "updated_at" in ghost.requests[1].target


def test_what_is_gone_is_asked_for_once_a_day(ghost, poller):
    ghost.add("post", "dlv-1", status="published")
    ghost.add("page", "dlv-2", status="published")
    poller.poll()
    for object_id in list(ghost.entries):
        ghost.delete(object_id)
    found = []
    for _ in range(LISTING_EVERY // POLL - 1):
        found += poller.poll()
    assert found == []
    assert [(one.event_type, one.idempotency_key.split("/")[1:]) for one in poller.poll()] == [
        ("page.unpublished", ["deleted"]),
    ] * 2
    assert poller.poll() == []


def test_a_list_that_lost_a_row_takes_no_page_down(ghost, poller):
    poller.listing_every = timedelta()
    ghost.add("post", "dlv-1", status="published")
    ghost.add("post", "dlv-2", status="published")
    poller.poll()
    mend = broken(ghost, changed_json(lambda body: body["posts"].pop()), where="posts/?order")
    assert poller.poll() == []
    mend()
    ghost.delete(list(ghost.entries)[1])
    assert [one.deliverable_id for one in poller.poll()] == ["dlv-2"]


def test_a_post_made_a_page_is_no_deletion(ghost, poller):
    poller.listing_every = timedelta()
    object_id = ghost.add("post", "dlv-1", status="published")
    poller.poll()
    ghost.at += timedelta(minutes=1)
    ghost.entries[object_id] = replace(
        ghost.entries[object_id], kind="page", updated_at=ghost.at.replace(microsecond=0)
    )
    assert poller.types() == ["page.updated"]


def test_a_page_that_lives_elsewhere_is_refused_once_and_heard_when_put_right(ghost, poller):
    object_id = ghost.add("post", "dlv-1", status="published")
    ghost.add("post", "dlv-2", status="published")
    ghost.root = "http://other.example/"
    ghost.at += POLL
    clock.read_from(lambda: ghost.at)
    client = GhostClient(url=poller.url, key=KEY)
    first = pull(client, SITE, Cursor())
    assert [one.code for one in first.refused] == ["unexpected_address"] * 2
    assert first.drafts == ()
    again = pull(client, SITE, first.cursor)
    assert (again.refused, again.drafts) == ((), ())
    ghost.root = SITE.url
    ghost.at += POLL
    ghost.save(object_id, html="<p>Saved again.</p>")
    told = [one.event_type for one in pull(client, SITE, again.cursor).drafts]
    assert told == ["page.published", "page.published", "page.updated"]


def test_an_id_that_no_event_may_carry_is_refused_once_and_stops_no_other(ghost, poller):
    ghost.add("post", "a", status="published", custom_excerpt="é" * 200)
    ghost.add("post", "b", status="published", custom_excerpt="DLV-1")
    clock.read_from(lambda: ghost.at)
    site = replace(SITE, rule=DeliverableRule(place="field", value="custom_excerpt"))
    found = pull(GhostClient(url=poller.url, key=KEY), site, Cursor())
    assert [one.code for one in found.refused] == ["invalid_envelope"]
    assert [one.deliverable_id for one in found.drafts] == ["DLV-1"]
    assert pull(GhostClient(url=poller.url, key=KEY), site, found.cursor).refused == ()


def test_only_deliverables_are_remembered(ghost, poller):
    ghost.add("post", "about-us", status="published")
    ghost.add("post", "dlv-1")
    assert poller.poll() == []
    assert [one["deliverable_id"] for one in poller.stored["pages"]] == ["dlv-1"]
