"""The Admin API's client, over real HTTP. At stake: losing a row between two pages, and misnaming what went wrong."""

from __future__ import annotations

import base64
import json
import socket
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from delivery_ops import clock
from delivery_ops.connectors.failures import (
    AnswerMalformed,
    CredentialsRefused,
    NotThere,
    RequestRefused,
    SourceBusy,
    SourceUnavailable,
)
from delivery_ops.connectors.ghost.client import DOING, GhostClient, token, words_of
from delivery_ops.connectors.json_api import JsonApi
from delivery_ops.simulator.loopback import Answer, listening
from delivery_ops_tests.connectors.ghost.server import KEY, KEY_ID, KEY_SECRET, Ghost

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
HTML = "text/html; charset=utf-8"
JSON = "application/json; charset=utf-8"
EMPTY = {"posts": [], "meta": {"pagination": {"next": None}}}
ONE = {"id": "6b044dc416ca570e3ccdd028", "updated_at": "2026-03-02T09:00:00.000Z"}


@pytest.fixture(autouse=True)
def _noon():
    clock.read_from(lambda: START)


@pytest.fixture
def ghost():
    return Ghost(START)


@contextmanager
def asking(ghost, *, key=KEY, **options):
    with ghost.listening() as url:
        yield GhostClient(url=url, key=key, **options)


@contextmanager
def answered(*answers, **options):
    """A client of a server that gives these answers in turn, the last of them for ever."""
    queue = list(answers)

    def respond(request):
        return queue.pop(0) if len(queue) > 1 else queue[0]

    with listening(respond) as (ip, port):
        api = JsonApi(doing=DOING, message_of=words_of, **options)
        yield GhostClient(url=f"http://{ip}:{port}/", key=KEY, page_size=2, api=api)


def says(value, status=200, media=JSON, **headers):
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Answer(status=status, body=body, content_type=media, headers=headers)


def refusal(status, message, code=None, **headers):
    return says({"errors": [{"message": message, "type": "Error", "code": code}]}, status, **headers)


def page(*rows, more=False):
    return says({"posts": list(rows), "meta": {"pagination": {"next": 2 if more else None}}})


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
def test_every_post_is_listed_once_whatever_the_pages_size(ghost, size):
    for number in range(7):
        ghost.at += timedelta(seconds=number % 3)
        ghost.add("post", f"post-{number}")
    ghost.add("page", "a-page")
    with asking(ghost, page_size=size) as client:
        assert [one["slug"] for one in client.changed("posts", None)] == [f"post-{number}" for number in range(7)]
        assert [one["slug"] for one in client.changed("pages", None)] == ["a-page"]


def test_an_import_of_many_within_one_second_is_listed_whole(ghost):
    for number in range(9):
        ghost.add("post", f"post-{number}")
    ghost.at += timedelta(seconds=1)
    ghost.add("post", "post-9")
    with asking(ghost, page_size=2) as client:
        assert len(list(client.changed("posts", None))) == 10


def test_only_what_was_modified_since_is_listed_and_the_second_itself_is_in_it(ghost):
    for number in range(4):
        ghost.add("post", f"post-{number}")
        ghost.at += timedelta(seconds=1)
    with asking(ghost) as client:
        found = client.changed("posts", START + timedelta(seconds=2))
        assert [one["slug"] for one in found] == ["post-2", "post-3"]


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seconds=st.lists(st.integers(0, 2), min_size=1, max_size=8),
    size=st.integers(1, 3),
    meanwhile=st.lists(st.tuples(st.sampled_from(["save", "delete", "nothing"]), st.integers(0, 7)), max_size=8),
)
def test_what_is_saved_or_deleted_while_it_is_listed_hides_nothing(seconds, size, meanwhile):
    ghost = Ghost(START)
    ids = []
    for gap in seconds:
        ghost.at += timedelta(seconds=gap)
        ids.append(ghost.add("post", f"post-{len(ids)}"))
    todo = list(meanwhile)
    answer = ghost.respond

    def respond(request):
        found = answer(request)
        ghost.at += timedelta(seconds=1)
        deed, number = todo.pop(0) if todo else ("nothing", 0)
        chosen = ids[number % len(ids)]
        if deed != "nothing" and chosen in ghost.entries:
            ghost.save(chosen, title="again") if deed == "save" else ghost.delete(chosen)
        return found

    ghost.respond = respond
    with asking(ghost, page_size=size) as client:
        listed = {one["id"]: one["updated_at"] for one in client.changed("posts", None)}
    assert listed.keys() >= ghost.entries.keys()


@pytest.mark.parametrize("kind", ["post", "page"])
def test_a_post_exists_until_it_is_deleted(ghost, kind):
    object_id = ghost.add(kind, "here")
    with asking(ghost) as client:
        assert client.exists(object_id)
        ghost.delete(object_id)
        assert not client.exists(object_id)


def test_the_sites_clock_is_what_its_answers_say(ghost):
    ghost.at = START + timedelta(minutes=3)
    with asking(ghost) as client:
        assert client.site_time() == ghost.at


def test_a_site_may_hide_its_clock():
    with answered(says(EMPTY, Date="soon")) as client:
        assert client.site_time() is None


@pytest.mark.parametrize(
    ("key", "behind", "words"),
    [
        ("", 0, "id:secret"),
        ("no key", 0, "id:secret"),
        (KEY_SECRET, 0, "id:secret"),
        (f"{KEY_ID}:{KEY_SECRET}0", 0, "id:secret"),
        (f"{KEY_ID}:{'cd' * 32}", 0, "invalid signature"),
        (f"{'0' * 24}:{KEY_SECRET}", 0, "Unknown Admin API Key"),
        (KEY, 6, "this machine's clock"),
    ],
)
def test_a_key_that_does_not_open_is_named_and_not_shown(ghost, key, behind, words):
    clock.read_from(lambda: START - timedelta(minutes=behind))
    with asking(ghost, key=key) as client, pytest.raises(CredentialsRefused, match=words) as refused:
        client.site_time()
    assert KEY_SECRET not in str(refused.value)
    assert KEY_SECRET not in repr(client)


def test_a_key_may_stand_among_blanks(ghost):
    with asking(ghost, key=f" {KEY}\n") as client:
        assert client.site_time() == START


def test_the_token_is_a_json_web_token_for_five_minutes():
    head, claims, _ = token(KEY, START).split(".")
    seconds = int(START.timestamp())
    assert "=" not in head + claims
    assert json.loads(base64.urlsafe_b64decode(claims + "==")) == {
        "iat": seconds,
        "exp": seconds + 300,
        "aud": "/admin/",
    }


NO_JSON = b"<!DOCTYPE html><title>Just a moment</title>"
ANSWERS = {
    "down for maintenance": (says(NO_JSON, 503, HTML), SourceUnavailable, "503"),
    "an error of its own": (refusal(500, "Internal error"), SourceUnavailable, "Internal error"),
    "a gateway's time is up": (says(NO_JSON, 504, HTML), SourceUnavailable, "504"),
    "too many requests": (refusal(429, "Too many requests"), SourceBusy, "Too many"),
    "unknown key": (
        refusal(401, "Unknown Admin API Key", "UNKNOWN_ADMIN_API_KEY"),
        CredentialsRefused,
        "Unknown Admin",
    ),
    "no permission": (refusal(403, "You do not have permission", "NoPermission"), CredentialsRefused, "permission"),
    "a malformed token": (refusal(400, "Invalid token", "INVALID_JWT"), RequestRefused, "Invalid token"),
    "a firewall's page": (says(NO_JSON, 403, HTML), SourceUnavailable, "403"),
    "no such address": (says(NO_JSON, 404, HTML), RequestRefused, "404"),
    "not found in its own words": (refusal(404, "Resource not found"), NotThere, "Resource not found"),
    "another system's JSON": (says({"code": "rest_no_route"}, 404), RequestRefused, "404"),
    "a redirect": (says(b"", 301, Location="https://x.ghost.io/"), RequestRefused, "https://x.ghost.io/"),
    "a page instead of JSON": (says(NO_JSON, 200, HTML), AnswerMalformed, "text/html"),
    "half a JSON": (says(b'{"posts": [', 200), AnswerMalformed, "no JSON"),
    "nothing": (says(b"", 200), AnswerMalformed, "no JSON"),
    "endless brackets": (says(b"[" * 100_000, 200), AnswerMalformed, "no JSON"),
    "a list": (says([]), AnswerMalformed, "lacks"),
    "another resource": (says({"pages": [], "meta": {}}), AnswerMalformed, "posts"),
    "no paging": (says({"posts": []}), AnswerMalformed, "meta"),
    "rows that are none": (page("x"), AnswerMalformed, "the id of one"),
    "a row without an id": (page({"updated_at": ONE["updated_at"]}), AnswerMalformed, "id"),
    "a row with a number for an id": (page(ONE | {"id": 7}), AnswerMalformed, "the id of one"),
    "a row of no known time": (page(ONE | {"updated_at": "0001-01-01T00:00:00+14:00"}), AnswerMalformed, "updated_at"),
    "a disorder": (page(ONE | {"updated_at": "2026-03-03"}, ONE), AnswerMalformed, "order"),
    "an empty page with more to come": (page(more=True), AnswerMalformed, "empty"),
    "the same page for ever": (page(ONE, ONE, more=True), AnswerMalformed, "repeats"),
}


@pytest.mark.parametrize(("answer", "kind", "words"), ANSWERS.values(), ids=ANSWERS)
def test_an_answer_that_is_none_is_named_by_what_to_do_about_it(answer, kind, words):
    with answered(answer) as client, pytest.raises(kind, match=words) as failed:
        list(client.changed("posts", None))
    assert type(failed.value) is kind
    assert "?" not in failed.value.subject


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("30", 30),
        ("Mon, 02 Mar 2026 09:02:00 GMT", 120),
        ("Mon, 02 Mar 2026 08:00:00 GMT", 0),
        ("soon", None),
        (None, None),
    ],
)
def test_a_wait_that_is_asked_for_is_handed_on(value, wait):
    headers = {"Retry-After": value} if value else {}
    with answered(refusal(429, "Slow down", **headers)) as client, pytest.raises(SourceBusy) as busy:
        client.site_time()
    assert busy.value.retry_after == (None if wait is None else timedelta(seconds=wait))


def test_a_site_that_is_down_is_unavailable():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        client = GhostClient(url=f"http://127.0.0.1:{unused.getsockname()[1]}", key=KEY)
        with pytest.raises(SourceUnavailable):
            client.site_time()


def test_a_connection_that_breaks_off_is_unavailable():
    with answered(None) as client, pytest.raises(SourceUnavailable):
        client.site_time()


def test_a_site_that_says_nothing_is_given_up():
    with (
        answered(Answer(delay_seconds=0.5), read_seconds=0.05) as client,
        pytest.raises(SourceUnavailable, match="time"),
    ):
        client.site_time()


def test_a_site_that_drips_is_given_up():
    """Each byte comes in time; all of them would not."""
    server = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def drip():
        connection, _ = server.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            for _ in range(200):
                if not over.wait(0.01):
                    connection.sendall(b" ")

    thread = threading.Thread(target=drip)
    thread.start()
    api = JsonApi(doing=DOING, message_of=words_of, read_seconds=5, total_seconds=0.2)
    client = GhostClient(url=f"http://127.0.0.1:{server.getsockname()[1]}", key=KEY, api=api)
    try:
        with pytest.raises(SourceUnavailable, match="time"):
            client.site_time()
    finally:
        over.set()
        thread.join()
        server.close()


def test_an_answer_without_end_is_cut_off(monkeypatch):
    monkeypatch.setattr("delivery_ops.connectors.json_api.MAX_BYTES", 1000)
    with answered(says(b" " * 1001)) as client, pytest.raises(AnswerMalformed, match="larger"):
        client.site_time()


def test_an_address_of_no_web_is_refused():
    with pytest.raises(RequestRefused):
        GhostClient(url="ftp://www.example/", key=KEY).site_time()
