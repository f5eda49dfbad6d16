"""The client against a real HTTP server. At stake: retrying what cannot change, and giving up on what can."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from werkzeug import Response

from delivery_ops import clock
from delivery_ops.search_console.client import Completeness, RetryPolicy, SearchConsoleClient
from delivery_ops.search_console.failures import (
    AnswerMalformed,
    NotPermitted,
    QuotaExceeded,
    RequestRefused,
    Unavailable,
)
from delivery_ops.search_console.paging import PAGE_SIZE
from delivery_ops.search_console.windows import DaySpan
from delivery_ops_tests.search_console.answers import (
    FORBIDDEN,
    NOTHING,
    PROPERTY,
    QUERY_PATH,
    RATE,
    SPAN,
    pages,
    row,
)


@pytest.fixture
def client(api, naps):
    return SearchConsoleClient(endpoint=api.endpoint, sleep=naps.append, uniform=lambda low, high: high)


def test_a_day_is_asked_for_as_the_api_documents_it(client, api):
    api.say({"rows": [row("2026-03-02", "https://example.com/")], "responseAggregationType": "byPage"})
    assert pages(client) == [[row("2026-03-02", "https://example.com/")]]
    assert api.bodies == [
        {
            "startDate": "2026-03-02",
            "endDate": "2026-03-02",
            "dimensions": ["date", "page"],
            "type": "web",
            "dataState": "all",
            "rowLimit": 25_000,
            "startRow": 0,
        }
    ]
    assert "Authorization" not in api.headers[0]


def test_exactly_full_pages_cost_one_more_request_and_then_end(client, api):
    full = [row("2026-03-02", f"https://example.com/{n}") for n in range(PAGE_SIZE)]
    api.say({"rows": full}, {"responseAggregationType": "byPage"})
    assert [len(page) for page in pages(client)] == [PAGE_SIZE, 0]
    assert [body["startRow"] for body in api.bodies] == [0, PAGE_SIZE]


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>busy</html>",
        b'{"rows": [',
        b"\xff\xfe",
        b"[]",
        b"null",
        pytest.param(b'{"rows": ' + b"[" * 100_000, id="nested deeper than can be read"),
        pytest.param(b'{"rows": ' + b"9" * 5_000 + b"}", id="a number longer than can be read"),
    ],
)
def test_a_success_that_is_no_json_is_asked_for_again(client, api, naps, answer):
    api.say(answer, NOTHING)
    assert pages(client) == [[]]
    assert len(naps) == 1


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({}, id="neither rows nor aggregation type"),
        pytest.param({"status": "ok"}, id="somebody else's answer"),
        pytest.param({"rows": {}}, id="rows are no list"),
        pytest.param({"rows": None, "responseAggregationType": "byPage"}, id="rows are null"),
        pytest.param({"rows": [17]}, id="a row is no object"),
        pytest.param({"rows": [{"clicks": 1.0}]}, id="a row without keys"),
        pytest.param({"rows": [row("2026-03-02")]}, id="a key too few"),
        pytest.param({"rows": [row("2026-03-02", "a", "b")]}, id="a key too many"),
        pytest.param({"rows": [row("2026-03-02", None)]}, id="a key that is null"),
        pytest.param({"rows": [row("2026-03-02", ["a"])]}, id="a key that is a list"),
        pytest.param({"rows": [{"keys": "2026-03-02"}]}, id="keys that are one text"),
        pytest.param({"rows": [row("2026-03-02", "a"), row("2026-03-02", "a", clicks=2.0)]}, id="a row twice"),
    ],
)
def test_an_answer_against_the_contract_is_a_typed_error(client, api, answer):
    api.say(answer)
    with pytest.raises(AnswerMalformed, match="2026-03-02"):
        pages(client)


def test_what_may_pass_is_retried_with_growing_waits_until_the_tries_are_used_up(client, api, naps):
    api.say(b"<html>", b"", RATE, RATE, RATE, status=503)
    with pytest.raises(Unavailable):
        pages(client)
    assert naps == [2, 4, 8, 16]
    assert len(api.bodies) == 5


def test_the_wait_the_server_asks_for_is_kept(client, api, naps):
    api.say(RATE, status=429, Retry_After="30")
    api.say(NOTHING)
    assert pages(client) == [[]]
    assert naps == [30]


def test_a_wait_beyond_patience_goes_to_the_caller_instead_of_blocking_the_run(client, api, naps):
    api.say({"error": {"errors": [{"reason": "quotaExceeded", "message": "load quota"}]}}, status=403)
    with pytest.raises(QuotaExceeded) as caught:
        pages(client)
    assert caught.value.retry_after == timedelta(minutes=15)
    assert naps == []


def test_jitter_is_drawn_over_the_whole_backoff():
    drawn = []
    policy = RetryPolicy()
    assert policy.wait(3, None, lambda low, high: drawn.append((low, high)) or 0.25) == timedelta(seconds=0.25)
    assert drawn == [(0, 8)]
    assert policy.wait(1, timedelta(seconds=9), lambda low, high: low) == timedelta(seconds=9)
    assert policy.wait(policy.tries, None, lambda low, high: low) is None


def test_a_request_the_api_calls_wrong_is_not_repeated(client, api, naps):
    api.say({"error": {"code": 400, "message": "Invalid date", "status": "INVALID_ARGUMENT"}}, status=400)
    with pytest.raises(RequestRefused, match="Invalid date"):
        pages(client)
    assert naps == []


def test_a_missing_permission_says_what_the_account_does_see(client, api, httpserver, naps):
    sites = [
        {"siteUrl": "https://example.com/", "permissionLevel": "siteOwner"},
        {"siteUrl": "sc-domain:example.org", "permissionLevel": "siteFullUser"},
        {"siteUrl": "https://other.test/", "permissionLevel": "siteUnverifiedUser"},
    ]
    httpserver.expect_request("/webmasters/v3/sites").respond_with_json({"siteEntry": sites})
    api.say(FORBIDDEN, status=403)
    with pytest.raises(NotPermitted) as caught:
        pages(client)
    assert "What the account sees: sc-domain:example.org, https://example.com/." in caught.value.remedy
    assert "other.test" not in caught.value.remedy
    assert naps == []


def test_a_missing_permission_stays_one_when_the_list_cannot_be_had_either(client, api, httpserver):
    httpserver.expect_request("/webmasters/v3/sites").respond_with_json(FORBIDDEN, status=403)
    api.say(FORBIDDEN, status=403)
    with pytest.raises(NotPermitted, match="no permission"):
        pages(client)


@pytest.mark.parametrize(
    "sites",
    [
        {"siteEntry": [{"permissionLevel": "siteOwner"}]},
        {"siteEntry": [{"siteUrl": None, "permissionLevel": "siteOwner"}]},
        {"siteEntry": [{"siteUrl": ["sc-domain:example.com"]}]},
        {"siteEntry": [{"siteUrl": "sc-domain:exam\0ple.com"}]},
        {"siteEntry": [{"siteUrl": "sc-domain:exam\ud800ple.com"}]},
        {"siteEntry": ["sc-domain:example.com"]},
        {"siteEntry": {"siteUrl": "sc-domain:example.com"}},
        {"siteEntry": None},
    ],
)
def test_a_list_of_properties_against_the_contract_costs_the_hint_alone(client, api, httpserver, sites):
    httpserver.expect_request("/webmasters/v3/sites").respond_with_json(sites)
    with pytest.raises(AnswerMalformed, match="siteEntry"):
        client.visible_properties()
    api.say(FORBIDDEN, status=403)
    with pytest.raises(NotPermitted, match="no permission"):
        pages(client)


@pytest.mark.parametrize("message", [17, None, ["no permission"], {"text": "no permission"}])
def test_a_refusal_whose_message_is_no_text_is_an_error_of_ours(client, api, message):
    api.say(*[{"error": {"code": 404, "message": message}}] * 5, status=404)
    with pytest.raises((RequestRefused, Unavailable), match="2026-03-02"):
        pages(client)


def test_a_server_that_is_not_there_is_unavailable(naps):
    client = SearchConsoleClient(endpoint="http://127.0.0.1:1", sleep=naps.append)
    with pytest.raises(Unavailable, match="ConnectionRefusedError"):
        pages(client)
    assert len(naps) == 4


def test_a_server_that_keeps_silent_is_given_up_after_the_time_limit(httpserver, monkeypatch):
    """The socket has a time limit: without one a silent server would hold the daily run for ever."""
    released = threading.Event()
    httpserver.expect_request(QUERY_PATH).respond_with_handler(lambda request: released.wait(10) and Response())
    from delivery_ops.search_console import google_service

    service = google_service.build_service(
        endpoint=httpserver.url_for("").rstrip("/"), key=None, direct=True, timeout=0.05
    )
    request = service.searchanalytics().query(siteUrl=PROPERTY, body={})
    try:
        with pytest.raises(Unavailable, match="TimeoutError"):
            google_service.attempt(request, doing="querying", subject=PROPERTY)
    finally:
        released.set()


# --- completeness ---


@pytest.mark.parametrize(
    ("answer", "complete_until"),
    [
        ({"metadata": {"first_incomplete_date": "2026-03-28"}}, date(2026, 3, 28)),
        ({"metadata": {"firstIncompleteDate": "2026-03-28"}}, date(2026, 3, 28)),
        ({}, SPAN.end),
        ({"metadata": {}}, SPAN.end),
        ({"metadata": None}, SPAN.end),
        ({"metadata": {"first_incomplete_date": "2026-03-20"}}, date(2026, 3, 20)),
        ({"metadata": {"first_incomplete_date": "2026-03-11"}}, date(2026, 3, 11)),
        ({"metadata": {"first_incomplete_date": "2026-05-01"}}, SPAN.end),
    ],
)
def test_days_are_complete_up_to_the_first_incomplete_one(client, api, answer, complete_until):
    api.say(NOTHING | answer)
    completeness = client.completeness(PROPERTY, SPAN)
    assert completeness.complete == DaySpan(start=SPAN.start, end=complete_until)
    [body] = api.bodies
    assert (body["startDate"], body["endDate"]) == ("2026-03-20", "2026-03-29")
    assert (body["dimensions"], body["dataState"]) == (["date"], "all")


@pytest.mark.parametrize(
    "metadata",
    [
        *({"first_incomplete_date": found} for found in ("yesterday", "", 20260328, 0, False, ["2026-03-28"], [])),
        *([], "", 0, False, "2026-03-28", [{"first_incomplete_date": "2026-03-28"}]),
    ],
)
def test_a_watermark_that_is_no_date_is_never_taken_for_complete(client, api, metadata):
    api.say(NOTHING | {"metadata": metadata})
    with pytest.raises(AnswerMalformed):
        client.completeness(PROPERTY, SPAN)


def test_a_span_that_is_wholly_incomplete_has_no_complete_day():
    assert len(Completeness(span=SPAN, first_incomplete=date(2026, 3, 1)).complete) == 0


def test_a_date_in_retry_after_is_resolved_with_the_one_clock(client, api, naps):
    now = datetime(2026, 3, 30, 12, tzinfo=UTC)
    clock.read_from(lambda: now)
    try:
        api.say(RATE, status=429, Retry_After="Mon, 30 Mar 2026 12:00:45 GMT")
        api.say(NOTHING)
        assert pages(client) == [[]]
    finally:
        clock.read_from(None)
    assert naps == [45]
