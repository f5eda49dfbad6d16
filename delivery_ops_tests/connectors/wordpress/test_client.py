"""The REST API's client, over real HTTP. At stake: losing a row between two pages, and misnaming what went wrong."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from delivery_ops import clock
from delivery_ops.connectors.failures import (
    AnswerMalformed,
    CredentialsRefused,
    NotThere,
    RequestRefused,
    SourceBusy,
    SourceUnavailable,
)
from delivery_ops.connectors.wordpress.client import WordPressClient
from delivery_ops.simulator.loopback import Answer, listening
from delivery_ops_tests.connectors.wordpress.editing import RULES
from delivery_ops_tests.connectors.wordpress.server import PASSWORD, ROOT, USER, WordPress

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
SLUG = RULES["slug_prefix"]
ACCOUNT = {"capabilities": {"edit_others_pages": True, "edit_others_posts": True}}
ROW = {
    "id": 4,
    "type": "page",
    "status": "publish",
    "link": f"{ROOT}a/",
    "slug": "a",
    "date_gmt": "2026-03-02T09:00:00",
    "modified_gmt": "2026-03-02T09:00:00",
    "permalink_template": f"{ROOT}%pagename%/",
}


@pytest.fixture(autouse=True)
def _noon():
    clock.read_from(lambda: START)


@pytest.fixture
def wordpress():
    return WordPress(START)


@contextmanager
def asking(wordpress, **options):
    with wordpress.listening() as url:
        yield WordPressClient(**{"url": url, "user": USER, "password": PASSWORD, **options})


@contextmanager
def answered(*answers, page_size=2):
    """A client of a server that gives these answers in turn, the last of them for ever."""
    queue = list(answers)

    def respond(request):
        return queue.pop(0) if len(queue) > 1 else queue[0]

    with listening(respond) as (ip, port):
        yield WordPressClient(url=f"http://{ip}:{port}", user=USER, password=PASSWORD, page_size=page_size)


def says(value, status=200, media="application/json; charset=UTF-8", **headers):
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Answer(status=status, body=body, content_type=media, headers=headers)


def refusal(status, code, message="In its own words.", **headers):
    return says({"code": code, "message": message, "data": {"status": status}}, status, **headers)


def rows(*ids, pages):
    return says([ROW | {"id": one} for one in ids], **{"X-WP-TotalPages": str(pages)})


def ids_of(found):
    return [one["id"] for one in found]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_every_page_of_every_status_is_listed_once_whatever_the_pages_size(wordpress, size):
    for status in ("publish", "draft", "pending", "private", "future", "trash", "archived-by-a-plugin"):
        wordpress.add("page", f"dlv-{status}", status=status)
    wordpress.add("post", "dlv-1", status="publish")
    with asking(wordpress, page_size=size) as client:
        assert ids_of(client.changed("pages", None, SLUG)) == [1, 2, 3, 4, 5, 6, 7]
        assert ids_of(client.changed("posts", None, SLUG)) == [8]


def test_a_site_without_posts_lists_none(wordpress):
    with asking(wordpress) as client:
        assert list(client.changed("posts", None, SLUG)) == []


def test_only_what_was_modified_since_is_listed_and_an_hour_before(wordpress):
    """The hour is the one that a local clock shows twice."""
    for number in range(5):
        wordpress.add("page", f"dlv-{number}", status="publish")
        wordpress.at += timedelta(minutes=30)
    with asking(wordpress) as client:
        found = client.changed("pages", START + timedelta(minutes=120), SLUG)
        assert ids_of(found) == [4, 5]


@pytest.mark.parametrize("size", [1, 2, 100])
def test_pages_are_found_by_their_ids_of_whichever_kind_they_are(wordpress, size):
    for number in range(6):
        wordpress.add(("post", "page")[number % 2], f"dlv-{number}", status="publish")
    wordpress.delete(3)
    with asking(wordpress, page_size=size) as client:
        assert sorted(ids_of(client.these(["1", "2", "3", "6"], SLUG))) == [1, 2, 6]
        assert list(client.these([], SLUG)) == []


@pytest.mark.parametrize("kind", ["post", "page"])
@pytest.mark.parametrize("status", ["publish", "draft", "future", "private", "trash"])
def test_a_row_says_what_the_plugin_says(wordpress, kind, status):
    """Where the rule asks for it. A page has no tags."""
    wordpress.add(kind, "dlv-7-x", status="publish", tags=("one &amp; two", "three"), field="dlv-7")
    if status != "publish":
        wordpress.at += timedelta(minutes=1)
        wordpress.save(1, status=status, **({"date": START + timedelta(days=9)} if status == "future" else {}))
    expected = wordpress.entries[1].state()
    expected |= {name: expected[name].replace(" ", "T") for name in ("date_gmt", "modified_gmt")}
    if (kind, status) == ("post", "trash"):
        expected["link"] = None  # the one thing that WordPress keeps to itself
    resource = {"post": "posts", "page": "pages"}[kind]
    with asking(wordpress) as client:
        [by_tag] = client.changed(resource, None, RULES["tag"])
        [by_field] = client.changed(resource, None, RULES["field"])
        [by_slug] = client.changed(resource, None, SLUG)
    assert by_tag == expected | {"field": None}
    assert by_field == expected | {"tags": []}
    assert by_slug == expected | {"field": None, "tags": []}


def test_a_field_of_advanced_custom_fields_is_read_where_meta_has_none():
    row = ROW | {"meta": [], "acf": {"deliverable": "dlv-9"}}
    with answered(says([row], **COUNTED)) as client:
        assert [one["field"] for one in client.changed("pages", None, RULES["field"])] == ["dlv-9"]


def test_the_names_of_more_tags_than_one_answer_holds_are_asked_for_in_parts(wordpress):
    wordpress.add("post", "a", status="publish", tags=tuple(f"tag {number}" for number in range(130)))
    with asking(wordpress) as client:
        [found] = client.changed("posts", None, RULES["tag"])
    assert found["tags"] == [f"tag {number}" for number in range(130)]
    assert len(wordpress.requests) == 3


def test_what_is_deleted_while_it_is_listed_ends_the_list(wordpress):
    for number in range(3):
        wordpress.add("page", f"dlv-{number}", status="publish")
    answer = wordpress.respond

    def respond(request):
        found = answer(request)
        wordpress.entries.pop(3, None)
        return found

    wordpress.respond = respond
    with asking(wordpress, page_size=2) as client:
        assert ids_of(client.changed("pages", None, SLUG)) == [1, 2]


def test_what_is_saved_while_it_is_listed_comes_once():
    """A page that was not in the list yet pushes another over the border."""
    with answered(rows(1, 3, pages=2), rows(3, 4, pages=2)) as client:
        assert ids_of(client.changed("pages", None, SLUG)) == [1, 3, 4]


def test_the_sites_clock_is_what_its_answers_say(wordpress):
    wordpress.at = START + timedelta(minutes=3)
    with asking(wordpress) as client:
        assert client.site_time() == wordpress.at


def test_a_site_may_hide_its_clock():
    with answered(says(ACCOUNT, Date="soon")) as client:
        assert client.site_time() is None


@pytest.mark.parametrize(
    ("account", "kind", "words"),
    [
        (
            {"capabilities": {"edit_others_pages": True}},
            CredentialsRefused,
            "'editor' lacks edit_others_posts: it needs",
        ),
        ({"capabilities": {"read": True}}, CredentialsRefused, "edit_others_pages, edit_others_posts"),
        (
            {"capabilities": {**ACCOUNT["capabilities"], "edit_others_posts": False}},
            CredentialsRefused,
            "edit_others_posts",
        ),
        ({"capabilities": []}, AnswerMalformed, "the account is not"),
        ({}, AnswerMalformed, "capabilities"),
        ([], AnswerMalformed, "the account is not"),
    ],
)
def test_an_account_that_does_not_see_all_is_not_taken_for_one_that_does(account, kind, words):
    with answered(says(account)) as client, pytest.raises(kind, match=words):
        client.site_time()


@pytest.mark.parametrize("kind", ["post", "page"])
def test_a_page_exists_until_it_is_deleted(wordpress, kind):
    entry_id = wordpress.add(kind, "here", status="trash")
    with asking(wordpress) as client:
        assert client.exists(str(entry_id))
        wordpress.delete(entry_id)
        assert not client.exists(str(entry_id))


def test_a_page_that_the_account_may_not_see_exists():
    with answered(refusal(403, "rest_forbidden")) as client:
        assert client.exists("7")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [(refusal(404, "rest_no_route"), NotThere), (says(b"gone", 404, "text/html"), RequestRefused)],
)
def test_no_other_no_is_taken_for_a_deletion(answer, kind):
    with answered(answer) as client, pytest.raises(kind):
        client.exists("7")


def test_a_password_that_does_not_open_is_named_and_not_shown(wordpress):
    with asking(wordpress, password="not the one") as client, pytest.raises(CredentialsRefused) as refused:
        client.site_time()
    assert "not currently logged in. (rest_not_logged_in)" in str(refused.value)
    assert "not the one" not in f"{refused.value} {client!r}"


NO_JSON = b"<!DOCTYPE html><title>Just a moment</title>"
HTML = "text/html; charset=UTF-8"
COUNTED = {"X-WP-TotalPages": "1"}
ANSWERS = {
    "maintenance": (says(NO_JSON, 503, HTML), SourceUnavailable, "503"),
    "a fatal error of PHP": (refusal(500, "internal_server_error"), SourceUnavailable, "internal_server_error"),
    "too many requests": (says(NO_JSON, 429, HTML), SourceBusy, "429"),
    "a wrong password": (refusal(401, "incorrect_password"), CredentialsRefused, "incorrect_password"),
    "a password withdrawn": (refusal(401, "rest_not_logged_in"), CredentialsRefused, "rest_not_logged_in"),
    "a role that may not": (refusal(403, "rest_forbidden_context"), CredentialsRefused, "rest_forbidden_context"),
    "a firewall's page": (says(NO_JSON, 403, HTML), SourceUnavailable, "403"),
    "plain links": (says(NO_JSON, 404, HTML), RequestRefused, "404"),
    "no such route": (refusal(404, "rest_no_route"), NotThere, "rest_no_route"),
    "a parameter refused": (refusal(400, "rest_invalid_param"), RequestRefused, "rest_invalid_param"),
    "no page at all": (refusal(400, "rest_post_invalid_page_number"), RequestRefused, "rest_post_invalid_page"),
    "a redirect": (says(b"", 301, Location="https://x.example/"), RequestRefused, "https://x.example/"),
    "a page instead of JSON": (says(NO_JSON, 200, HTML), AnswerMalformed, "text/html"),
    "a warning before the JSON": (says(b"Warning: foo\n[]", 200), AnswerMalformed, "no JSON"),
    "an object": (says({}, **COUNTED), AnswerMalformed, "no list"),
    "a number for a row": (says([1], **COUNTED), AnswerMalformed, "no list of objects"),
    "an id that is text": (says([ROW | {"id": "4"}], **COUNTED), AnswerMalformed, "with an id"),
    "a row without a slug": (says([{"id": 4}], **COUNTED), AnswerMalformed, "'slug'"),
    "a slug that is none": (says([ROW | {"slug": None}], **COUNTED), AnswerMalformed, "a row is not"),
    "no count": (says([ROW]), AnswerMalformed, "X-WP-Total"),
    "a count that is none": (says([ROW], **{"X-WP-TotalPages": "-1"}), AnswerMalformed, "X-WP-Total"),
    "the same page for ever": (rows(1, 2, pages=5), AnswerMalformed, "repeats"),
}


@pytest.mark.parametrize(("answer", "kind", "words"), ANSWERS.values(), ids=ANSWERS)
def test_an_answer_that_is_none_is_named_by_what_to_do_about_it(answer, kind, words):
    with answered(answer) as client, pytest.raises(kind, match=words) as failed:
        list(client.changed("pages", None, SLUG))
    assert type(failed.value) is kind
    assert "?" not in failed.value.subject


@pytest.mark.parametrize(
    ("row", "tags"),
    [
        *((ROW | {"tags": [3]}, tags) for tags in ({}, [{"id": 3}], [7], None)),
        *((ROW | {"tags": tags}, []) for tags in (None, 3, [[]])),
    ],
)
def test_tags_that_are_none_are_malformed(row, tags):
    page = says([row], **COUNTED)
    with answered(page, says(tags)) as client, pytest.raises(AnswerMalformed, match="a row is not"):
        list(client.changed("posts", None, RULES["tag"]))
