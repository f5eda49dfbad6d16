"""The receiver's answers, over real HTTP. At stake: a delivery that was acknowledged and is nowhere, one that is taken
from a stranger, and a sender that repeats for days what can never be taken."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from psycopg.sql import SQL, Identifier

from delivery_ops.contracts.strict_json import MAX_BYTES
from delivery_ops_tests.connectors.ghost.recordings import signed
from delivery_ops_tests.web.receiving import HOOK, SECRET

PAGE = {
    "id": "6b044dc216ca570e3ccdd022",
    "slug": "dlv-2001-pricing",
    "status": "published",
    "url": "http://127.0.0.1:2368/dlv-2001-pricing/",
    "updated_at": "2026-11-23T14:29:23.000Z",
    "published_at": "2026-11-23T14:29:23.000Z",
    "tags": [],
}


def page(**changes):
    return json.dumps({"page": {"current": {**PAGE, **changes}, "previous": {}}}).encode()


def test_every_recorded_delivery_is_taken_in_and_its_events_can_be_read_back(receiver, recordings):
    told = []
    for one in recordings:
        receiver.at = one.sent_at
        answer = receiver.resend(one)
        assert (answer.status_code, answer.json()["outcome"]) == (202, "accepted"), one.name
        for event_id in answer.json()["event_ids"]:
            event = receiver.client.get(f"/v1/events/{event_id}")
            assert event.status_code == 200
            assert event.json()["event_id"] == event_id
            told.append((event.json()["position"], event.json()["event_type"], event.json()["deliverable_id"]))
    assert told == sorted(told)
    assert {(kind, one) for _, kind, one in told} == {
        ("page.published", "dlv-2001"),
        ("page.updated", "dlv-2001"),
        ("page.published", "dlv-2002"),
        ("page.updated", "dlv-2002"),
        ("page.unpublished", "dlv-2002"),
    }
    [balance] = receiver.rows("SELECT sum(received), sum(kept), sum(duplicate) FROM ops.intake")
    assert balance == (len(told), len(told), 0)


def test_a_delivery_repeated_is_the_same_delivery_with_the_same_events(receiver, recordings):
    receiver.at = recordings[0].sent_at
    first = receiver.resend(recordings[0])
    head = receiver.intake.ledger.head()
    again = receiver.resend(recordings[0])
    assert first.json() == again.json()
    assert len(first.json()["event_ids"]) == 1
    assert receiver.intake.ledger.head() == head
    assert receiver.deliveries() == [("accepted", 2, True)]


def test_what_many_senders_repeat_at_once_is_kept_once(receiver):
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: receiver.send(page()), range(24)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    assert receiver.deliveries() == [("accepted", 24, True)]
    assert receiver.rows("SELECT count(*) FROM ledger.event WHERE event_type = 'page.published'") == [(1,)]


@pytest.mark.parametrize(
    "body", [b"{}", b'{"member": {}}', page(slug="about-us", url="http://127.0.0.1:2368/about-us/")]
)
def test_a_ping_and_what_is_nobodys_give_no_events(receiver, body):
    answer = receiver.send(body)
    assert (answer.status_code, answer.json()["event_ids"]) == (202, [])
    assert receiver.deliveries() == [("accepted", 1, True)]
    assert receiver.intake.ledger.head() is None


def test_a_key_that_holds_another_body_is_a_conflict_that_is_itself_an_event(receiver):
    assert receiver.send(page()).status_code == 202
    moved = page(slug="dlv-2001-prices", url="http://127.0.0.1:2368/dlv-2001-prices/")
    answers = [receiver.send(moved), receiver.send(moved)]
    assert [answer.status_code for answer in answers] == [409, 409]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["outcome"] == "conflict"
    assert receiver.deliveries() == [("accepted", 1, True), ("conflict", 2, False)]
    assert receiver.rows("SELECT count(*) FROM ledger.event WHERE event_type = 'ingest.conflict'") == [(1,)]


@pytest.mark.parametrize(
    "headers",
    [
        {"x_ghost_signature": ""},
        {"x_ghost_signature": "sha256=" + "0" * 64 + ", t=1795444163094"},
        {"x_ghost_signature": "sha256=zz"},
        {"x_ghost_signature": "x" * 10_000},
    ],
    ids=["empty", "wrong", "malformed", "long"],
)
def test_what_is_not_signed_is_refused_and_kept_aside(receiver, headers):
    answer = receiver.send(page(), **headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature")
    assert answer.headers["www-authenticate"]
    assert receiver.deliveries() == [("refused", 1, True)]
    assert receiver.intake.ledger.head() is None


def test_a_signature_over_other_bytes_than_these_is_none(receiver):
    """Over the raw bytes: the same JSON with another space is another body."""
    headers = signed(page(), SECRET, receiver.at)
    assert receiver.client.post(HOOK, content=page() + b" ", headers=headers).status_code == 401
    assert receiver.client.post(HOOK, content=page(), headers=headers).status_code == 202


def test_a_delivery_signed_long_ago_goes_into_quarantine(receiver):
    answer = receiver.send(page(), ago=timedelta(minutes=6))
    assert (answer.status_code, answer.json()["outcome"], answer.json()["event_ids"]) == (202, "quarantined", [])
    assert receiver.deliveries() == [("quarantined", 1, True)]
    assert receiver.intake.ledger.head() is None
    assert receiver.send(page()).json()["outcome"] == "accepted"


HOSTILE = {
    "empty": b"",
    "cut off": b'{"page":',
    "no UTF-8": b'{"page": "\xff"}',
    "UTF-16": '{"page": {}}'.encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf{}",
    "two values": b"{} {}",
    "one key twice": b'{"page": {}, "page": {}}',
    "not a number": b'{"page": NaN}',
    "beyond a float": b'{"page": 1e999}',
    "beyond 64 bits": b'{"page": ' + b"9" * 5000 + b"}",
    "lone surrogate": b'{"page": "\\ud800"}',
    "NUL": b'{"page": "\\u0000"}',
    "deep": b'{"page":' + b"[" * 100_000,
    "an array": b"[1, 2]",
    "no object": b'{"page": 7}',
    "no states": b'{"page": {}}',
    "states of another kind": b'{"page": {"current": [], "previous": []}}',
    "no id": page(id=None),
    "another's id": page(id="../../etc/passwd"),
    "no time": page(updated_at=None),
    "a time without a zone": page(updated_at="2026-11-23T14:29:23"),
    "tags of another kind": page(tags="dlv"),
    "elsewhere": page(url="http://www.other.example/"),
    "an id that no event may carry": page(slug="dlv-" + "9" * 2000, url=f"http://127.0.0.1:2368/dlv-{'9' * 2000}/"),
    "SQL": page(status="published'; DROP TABLE ops.delivery; --", updated_at="'"),
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_what_is_signed_but_not_understood_is_kept_with_the_reason(receiver, body):
    answer = receiver.send(body)
    assert (answer.status_code, answer.json()["outcome"], answer.json()["event_ids"]) == (202, "rejected", [])
    [(outcome, reason, kept)] = receiver.rows("SELECT outcome, reason, body FROM ops.delivery")
    assert (outcome, bytes(kept)) == ("rejected", body)
    assert reason
    [(source, refused)] = receiver.rows("SELECT source, body FROM ops.rejected")
    assert (source, bytes(refused)) == ("agency-site", body)
    assert receiver.rows("SELECT received, rejected FROM ops.intake") == [(1, 1)]
    assert receiver.intake.ledger.head() is None


def test_a_deliverable_that_nobody_registered_and_no_rule_knows_is_rejected(receiver):
    answer = receiver.send(page(slug="dlv-1-pricing", url="http://127.0.0.1:2368/dlv-1-pricing/"))
    assert (answer.status_code, answer.json()["outcome"]) == (202, "rejected")
    assert receiver.rows("SELECT code, idempotency_key FROM ops.rejected") == [
        ("unknown_deliverable", f"{PAGE['id']}/published/2026-11-23T14:29:23.000Z")
    ]
    assert receiver.deliveries() == [("rejected", 1, True)]


def test_a_delivery_from_the_future_of_the_ledger_is_dated_by_its_arrival(receiver):
    """A source whose clock is ahead by less than the tolerance."""
    late = (receiver.at + timedelta(minutes=4)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    answer = receiver.send(page(updated_at=late, published_at=late))
    [event_id] = answer.json()["event_ids"]
    assert receiver.client.get(f"/v1/events/{event_id}").json()["timestamp"] == receiver.at.isoformat()


def test_the_largest_body_is_read_and_one_byte_more_is_not(receiver):
    fits = b'{"a": "' + b"x" * (MAX_BYTES - 9) + b'"}'
    assert len(fits) == MAX_BYTES
    assert receiver.send(fits).status_code == 202
    for answer in (
        receiver.send(fits + b" "),
        receiver.client.post(HOOK, content=iter([fits, b" "]), headers={"content-type": "application/json"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert len(receiver.deliveries()) == 1


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "code"),
    [
        ("POST", "/v1/hooks/nobody", {}, 404, "unknown_source"),
        ("POST", "/v1/hooks/agency-site%00", {}, 404, "unknown_source"),
        ("POST", "/v1/hooks/%2e%2e%2fevents", {}, 404, "not_found"),
        ("POST", "/v1/hooks/agency-site/", {}, 404, "not_found"),
        ("POST", "/v1/hooks/", {}, 404, "not_found"),
        ("GET", "/", {}, 404, "not_found"),
        ("GET", HOOK, {}, 405, "method_not_allowed"),
        ("PUT", HOOK, {}, 405, "method_not_allowed"),
        ("DELETE", f"/v1/events/{uuid4()}", {}, 405, "method_not_allowed"),
        ("POST", HOOK, {"content-type": "text/plain"}, 415, "unsupported_media_type"),
        ("POST", HOOK, {"content-type": ""}, 415, "unsupported_media_type"),
        ("POST", HOOK, {"content-type": "multipart/form-data; boundary=x"}, 415, "unsupported_media_type"),
        ("POST", HOOK, {"content-encoding": "gzip"}, 415, "unsupported_media_type"),
        ("GET", f"/v1/events/{uuid4()}", {}, 404, "unknown_event"),
        ("GET", "/v1/events/1", {}, 404, "unknown_event"),
        ("GET", "/v1/events/{6b044dc2-16ca-470e-bccd-d022aaaaaaaa}", {}, 404, "unknown_event"),
    ],
)
def test_what_is_asked_wrongly_is_told_so_and_nothing_is_kept(receiver, method, path, headers, status, code):
    content = page() if method in {"POST", "PUT"} else None
    answer = receiver.client.request(
        method, path, content=content, headers={"content-type": "application/json"} | headers
    )
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert status != 405 or answer.headers["allow"]
    assert receiver.deliveries() == []


def test_a_store_that_is_away_is_the_one_5xx_and_the_next_attempt_is_taken(receiver, shared_server):
    name = receiver.rows("SELECT current_database()")[0][0]
    receiver.database.close()
    shared_server.administer(SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(Identifier(name)))
    shared_server.administer(
        SQL("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}").format(name)
    )
    try:
        answers = [receiver.send(page()), receiver.client.get(f"/v1/events/{uuid4()}")]
    finally:
        shared_server.administer(SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(Identifier(name)))
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert int(answer.headers["retry-after"]) > 0
        assert name not in answer.text
    assert receiver.deliveries() == []
    assert receiver.send(page()).json()["outcome"] == "accepted"


def test_a_defect_shows_no_trace_of_itself(breaking):
    answer = breaking.send(page())
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["retry-after"]
    assert "hunter2" not in answer.text
    assert "Traceback" not in answer.text


def test_the_application_describes_itself_and_loads_nothing_from_elsewhere(receiver):
    paths = receiver.client.get("/openapi.json").json()["paths"]
    assert paths.keys() == {"/v1/hooks/{source}", "/v1/events/{event_id}"}
    assert receiver.client.get("/docs").status_code == 404
