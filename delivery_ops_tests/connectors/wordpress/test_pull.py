"""One poll after another. At stake: what a site in trouble does to the trail, and that it recovers without a hand."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from delivery_ops import clock
from delivery_ops.connectors.cursor import Cursor
from delivery_ops.connectors.failures import AnswerMalformed, CredentialsRefused, SourceUnavailable
from delivery_ops.connectors.polling import LISTING_EVERY
from delivery_ops.connectors.wordpress.client import WordPressClient
from delivery_ops.connectors.wordpress.pull import pull
from delivery_ops.errors import DeliveryOpsError
from delivery_ops.simulator.loopback import Answer
from delivery_ops_tests.connectors.wordpress.editing import ALWAYS, POLL, START, Poller, site_of
from delivery_ops_tests.connectors.wordpress.server import PASSWORD, USER, WordPress

SITE = site_of()


@pytest.fixture
def wordpress():
    return WordPress(START)


@pytest.fixture
def poller(wordpress):
    """Polls ``wordpress`` five minutes after whatever was done last."""
    with wordpress.listening() as url:
        yield Later(wordpress, SITE, url)


class Later(Poller):
    def poll(self, **options):
        self.wordpress.at += POLL
        return super().poll(**options)

    def types(self, **options):
        return [one.event_type for one in self.poll(**options)]

    def refused(self):
        """What a poll refuses; the cursor moves on."""
        self.wordpress.at += POLL
        clock.read_from(lambda: self.wordpress.at)
        client = WordPressClient(url=self.url, user=USER, password=PASSWORD)
        found = pull(client, self.site, Cursor.from_json(self.stored))
        self.stored = found.cursor.to_json()
        return found.refused


def broken(wordpress, answer, *, where=""):
    """``wordpress`` as it answers those requests that have ``where`` in their address; gives what mends it."""
    healthy = wordpress.respond

    def respond(request):
        true = healthy(request)
        return answer(true) if where in request.target else true

    wordpress.respond = respond
    return lambda: setattr(wordpress, "respond", healthy)


def changed_json(change):
    def answer(true):
        body = json.loads(true.body)
        change(body)
        return replace(true, body=json.dumps(body).encode())

    return answer


def live(wordpress, count, kind="page"):
    return [wordpress.add(kind, f"dlv-{number}", status="publish") for number in range(1, count + 1)]


def test_events_come_in_the_order_of_what_happened_over_posts_and_pages(wordpress, poller):
    for number, kind in enumerate(("page", "post", "page")):
        wordpress.at += timedelta(seconds=1)
        wordpress.add(kind, f"dlv-{number}", status="publish")
    assert [one.deliverable_id for one in poller.poll()] == ["dlv-0", "dlv-1", "dlv-2"]
    for entry_id in (3, 2, 1):
        wordpress.at += timedelta(seconds=1)
        wordpress.save(entry_id)
    assert [one.deliverable_id for one in poller.poll()] == ["dlv-2", "dlv-1", "dlv-0"]


@pytest.mark.parametrize(
    ("answer", "where", "kind"),
    [
        (lambda _: Answer(status=503, body=b"<h1>down</h1>"), "", SourceUnavailable),
        (lambda _: Answer(body=b"<h1>hello</h1>"), "", AnswerMalformed),
        (lambda _: None, "", SourceUnavailable),
        (
            lambda _: Answer(status=401, body=b'{"code":"incorrect_password","message":"Wrong."}'),
            "",
            CredentialsRefused,
        ),
        (lambda true: replace(true, headers={}), "pages", AnswerMalformed),
        (changed_json(lambda body: body.update(capabilities={})), "users", CredentialsRefused),
        (changed_json(lambda body: body[0].update(status=None)), "pages", AnswerMalformed),
        (changed_json(lambda body: body[0].update(modified_gmt="yesterday")), "pages", AnswerMalformed),
        (changed_json(lambda body: body[0].pop("slug")), "pages", AnswerMalformed),
    ],
    ids=["down", "HTML", "broken off", "withdrawn", "no count", "demoted", "no status", "no time", "no slug"],
)
def test_a_site_in_trouble_loses_nothing_and_recovers_by_itself(wordpress, poller, answer, where, kind):
    [entry_id] = live(wordpress, 1)
    assert poller.types() == ["page.published"]
    mend = broken(wordpress, answer, where=where)
    wordpress.save(entry_id)
    stood = poller.stored
    for _ in range(3):
        with pytest.raises(kind) as failed:
            poller.poll()
        assert isinstance(failed.value, DeliveryOpsError)
    assert poller.stored == stood
    mend()
    assert poller.types() == ["page.updated"]


def test_a_site_that_breaks_between_two_pages_of_its_list_is_asked_again_from_the_start(wordpress, poller):
    poller.page_size = 1
    live(wordpress, 3)
    mend = broken(wordpress, lambda _: Answer(status=502), where="&page=2")
    with pytest.raises(SourceUnavailable):
        poller.poll()
    mend()
    assert poller.types() == ["page.published"] * 3


@pytest.mark.parametrize(
    "jump", [timedelta(hours=-3), timedelta(minutes=-30), timedelta(minutes=30), timedelta(hours=3)]
)
def test_a_site_that_sets_its_clock_is_still_heard(wordpress, poller, jump):
    """Changes made just before and just after the clock is set, by whatever time it then says."""
    ids = live(wordpress, 3)
    poller.poll()
    wordpress.at += timedelta(minutes=1)
    wordpress.save(ids[0])
    wordpress.at += jump
    poller.skew = -jump  # our own clock did not jump
    wordpress.save(ids[1])
    assert sorted(one.deliverable_id for one in poller.poll()) == ["dlv-1", "dlv-2"]
    wordpress.at += POLL
    wordpress.save(ids[2])
    found = poller.poll()
    assert [one.deliverable_id for one in found] == ["dlv-3"]
    assert all(one.timestamp <= wordpress.at - jump for one in found)


def test_a_page_saved_while_the_clock_was_wrong_and_polls_failed_is_found_by_the_daily_listing(wordpress, poller):
    long_ago = wordpress.second - timedelta(days=400)
    entry_id = wordpress.add("page", "dlv-1", status="publish", date=long_ago)
    wordpress.add("page", "dlv-2", status="publish")
    poller.poll()
    wordpress.entries[entry_id] = replace(wordpress.entries[entry_id], modified=long_ago + timedelta(days=1))
    assert poller.types() == []
    wordpress.at += LISTING_EVERY
    assert poller.types() == ["page.updated"]


def test_a_page_dated_into_the_future_does_not_hide_what_comes_after(wordpress, poller):
    live(wordpress, 1)
    wordpress.entries[1] = replace(wordpress.entries[1], modified=wordpress.second + timedelta(days=400))
    assert [one.timestamp <= wordpress.at for one in poller.poll()] == [True, True]
    wordpress.at += POLL
    wordpress.add("page", "dlv-2", status="publish")
    assert [one.deliverable_id for one in poller.poll()] == ["dlv-2"]
    assert poller.poll() == []


def test_a_quiet_site_is_asked_for_little(wordpress, poller):
    for number in range(5):
        wordpress.add("page", f"dlv-{number}", status="publish")
        wordpress.at += timedelta(minutes=40)
    poller.poll()
    wordpress.requests.clear()
    assert poller.poll() == []
    assert [one.target.partition("?")[0].rpartition("/")[2] for one in wordpress.requests] == ["me", "pages", "posts"]
    assert all("modified_after" in one.target for one in wordpress.requests[1:])


def test_a_scheduled_page_is_asked_for_from_its_hour_until_it_is_live(wordpress, poller):
    """Going live leaves its modified time hours behind the last poll."""
    due = wordpress.second + timedelta(hours=5)
    entry_id = wordpress.add("page", "dlv-1", status="draft")
    wordpress.save(entry_id, status="future", date=due, is_dated=True)
    assert poller.poll() == []
    wordpress.at += timedelta(hours=3)
    live(wordpress, 1, kind="post")
    assert poller.types() == ["page.published"]
    wordpress.at = due  # cron comes later: WordPress needs a visitor to notice the time
    for _ in range(3):
        assert poller.poll() == []
    wordpress.run_cron()
    [draft] = poller.poll()
    assert (draft.event_type, draft.timestamp) == ("page.published", due)
    wordpress.requests.clear()
    assert poller.poll() == []
    assert len(wordpress.requests) == 3


def test_what_is_gone_is_asked_for_once_a_day(wordpress, poller):
    live(wordpress, 1)
    live(wordpress, 1, kind="post")
    poller.poll()
    for entry_id in list(wordpress.entries):
        wordpress.delete(entry_id)
    found = []
    for _ in range(LISTING_EVERY // POLL - 1):
        found += poller.poll()
    assert found == []
    assert [(one.event_type, one.idempotency_key) for one in poller.poll()] == [
        ("page.unpublished", "1/deleted"),
        ("page.unpublished", "2/deleted"),
    ]
    assert poller.poll(listing=True) == []


def test_a_list_that_lost_a_row_takes_no_page_down(wordpress, poller):
    live(wordpress, 3)
    poller.poll()
    mend = broken(wordpress, changed_json(lambda body: body.pop()), where="pages?context")
    assert poller.poll(listing=True) == []
    mend()
    wordpress.delete(3)
    assert [one.deliverable_id for one in poller.poll(listing=True)] == ["dlv-3"]


def test_a_post_made_a_page_is_no_deletion(wordpress, poller):
    [entry_id] = live(wordpress, 1, kind="post")
    poller.poll()
    wordpress.at += timedelta(minutes=1)
    wordpress.entries[entry_id] = replace(wordpress.entries[entry_id], type="page", modified=wordpress.second)
    assert poller.types(listing=True) == ["page.updated"]


def test_one_page_that_cannot_be_read_stops_no_other(wordpress, poller):
    live(wordpress, 2)
    broken(wordpress, changed_json(lambda body: body and body[0].update(type="product")), where="pages")
    [refused] = poller.refused()
    assert (refused.code, refused.subject) == ("malformed_object", "number 1")
    wordpress.save(2)
    wordpress.add("page", "dlv-3", status="publish")
    assert [one.object_id for one in Cursor.from_json(poller.stored).pages.values()] == ["2"]


def test_an_id_that_no_event_may_carry_is_refused_once_and_stops_no_other(wordpress, poller):
    poller.site = site_of("field")
    wordpress.add("page", "a", status="publish", field="é" * 200)
    wordpress.add("page", "b", status="publish", field="DLV-1")
    assert [one.code for one in poller.refused()] == ["invalid_envelope"]
    assert [one.deliverable_id for one in Cursor.from_json(poller.stored).pages.values()] == [None, "DLV-1"]
    assert poller.refused() == ()


def test_only_deliverables_are_remembered(wordpress, poller):
    wordpress.add("page", "about-us", status="publish")
    wordpress.add("page", "dlv-1", status="draft")
    assert poller.poll() == []
    assert [one["deliverable_id"] for one in poller.stored["pages"]] == ["dlv-1"]


def test_every_poll_may_be_a_listing(wordpress, poller):
    poller.listing_every = ALWAYS
    [entry_id] = live(wordpress, 1)
    assert poller.types() == ["page.published"]
    wordpress.delete(entry_id)
    assert poller.types() == ["page.unpublished"]
