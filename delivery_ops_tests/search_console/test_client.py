"""The client against a real HTTP server. At stake: retrying what cannot change, and giving up on what can."""

import json
import threading
from collections import deque
from datetime import UTC, date, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from google.auth.credentials import CredentialsWithRegionalAccessBoundary
from pydantic import SecretStr
from werkzeug import Response

from delivery_ops import clock
from delivery_ops.search_console.client import Completeness, RetryPolicy, SearchConsoleClient
from delivery_ops.search_console.failures import (
    AnswerMalformed,
    CredentialsRefused,
    NotPermitted,
    QuotaExceeded,
    RequestRefused,
    Unavailable,
)
from delivery_ops.search_console.paging import PAGE_SIZE
from delivery_ops.search_console.windows import DaySpan
from delivery_ops.settings import Client, SearchConsole, Settings

PROPERTY = "sc-domain:example.com"
QUERY_PATH = "/webmasters/v3/sites/sc-domain:example.com/searchAnalytics/query"
DAY = date(2026, 3, 2)
SPAN = DaySpan(start=date(2026, 3, 20), end=date(2026, 3, 30))
FORBIDDEN = {"error": {"errors": [{"domain": "global", "reason": "forbidden", "message": "no permission"}]}}
NOTHING = {"responseAggregationType": "byPage"}
RATE = {"error": {"errors": [{"domain": "usageLimits", "reason": "quotaExceeded", "message": "QPS quota"}]}}


def row(*keys, clicks=1.0):
    return {"keys": list(keys), "clicks": clicks, "impressions": 10.0, "ctr": 0.1, "position": 3.5}


class Answers:
    """A Search Console that gives prepared answers in turn and keeps the requests it saw."""

    def __init__(self, httpserver):
        self.queue = deque()
        self.bodies = []
        self.headers = []
        self.endpoint = httpserver.url_for("").rstrip("/")
        httpserver.expect_request(QUERY_PATH, method="POST").respond_with_handler(self._answer)

    def _answer(self, request):
        self.bodies.append(request.get_json())
        self.headers.append(dict(request.headers))
        status, body, headers = self.queue.popleft()
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Response(data, status=status, headers=headers, content_type="application/json")

    def say(self, *bodies, status=200, **headers):
        self.queue += [(status, body, {n.replace("_", "-"): v for n, v in headers.items()}) for body in bodies]


@pytest.fixture
def api(httpserver):
    return Answers(httpserver)


@pytest.fixture
def naps():
    return []


@pytest.fixture
def client(api, naps):
    return SearchConsoleClient(endpoint=api.endpoint, sleep=naps.append, uniform=lambda low, high: high)


def pages(client, *dimensions):
    return list(client.pages(PROPERTY, DAY, dimensions or ("date", "page")))


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


# --- credentials ---


def service_account_key(token_uri):
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return json.dumps(
        {
            "type": "service_account",
            "client_email": "export@project.example",
            "token_uri": token_uri,
            "private_key_id": "1",
            "private_key": private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        }
    )


def test_a_service_account_gets_a_token_and_sends_it(api, httpserver, monkeypatch):
    # Newer google-auth looks a "regional access boundary" up at Google in the background: no network in tests.
    monkeypatch.setattr(
        CredentialsWithRegionalAccessBoundary, "_is_regional_access_boundary_lookup_required", lambda self: False
    )
    httpserver.expect_request("/token", method="POST").respond_with_json({"access_token": "T", "expires_in": 3600})
    api.say(NOTHING)
    client = SearchConsoleClient(endpoint=api.endpoint, key=service_account_key(httpserver.url_for("/token")))
    assert pages(client) == [[]]
    assert api.headers[0]["Authorization"] == "Bearer T"

    httpserver.expect_request("/webmasters/v3/sites").respond_with_json({})
    api.say(FORBIDDEN, status=403)
    with pytest.raises(NotPermitted, match=r"What export@project\.example sees: no property at all"):
        pages(client)


def test_a_revoked_grant_is_permanent(api, httpserver, naps):
    refused = {"error": "invalid_grant", "error_description": "account not found"}
    httpserver.expect_request("/token").respond_with_json(refused, status=400)
    key = service_account_key(httpserver.url_for("/token"))
    with pytest.raises(CredentialsRefused, match="invalid_grant: account not found"):
        pages(SearchConsoleClient(endpoint=api.endpoint, key=key, sleep=naps.append))
    assert naps == []
    assert api.bodies == []


@pytest.mark.parametrize(
    "token",
    [
        b"[]",
        b"null",
        b"17",
        b"<html>",
        b"[" * 100_000,
        b'{"access_token": null}',
        b'{"access_token": 17, "expires_in": 3600}',
        b'{"access_token": "T", "expires_in": "soon"}',
        b'{"access_token": "T", "expires_in": []}',
        b'{"access_token": "T", "expires_in": 1e300}',
    ],
)
def test_a_token_against_the_contract_is_an_error_of_ours(api, httpserver, naps, monkeypatch, token):
    monkeypatch.setattr(
        CredentialsWithRegionalAccessBoundary, "_is_regional_access_boundary_lookup_required", lambda self: False
    )
    httpserver.expect_request("/token").respond_with_data(token, content_type="application/json")
    key = service_account_key(httpserver.url_for("/token"))
    with pytest.raises((CredentialsRefused, Unavailable)):
        pages(SearchConsoleClient(endpoint=api.endpoint, key=key, sleep=naps.append))
    assert api.bodies == []


@pytest.mark.parametrize("key", ["not json", "[]", "17", "{}", '{"type": "service_account", "private_key": "s3cret"}'])
def test_an_unusable_key_is_refused_without_showing_it(api, key):
    with pytest.raises(CredentialsRefused) as caught:
        pages(SearchConsoleClient(endpoint=api.endpoint, key=key))
    assert "s3cret" not in str(caught.value)
    assert "DELIVERY_OPS_GOOGLE_CREDENTIALS" in str(caught.value)


@pytest.mark.parametrize("endpoint", [None, "https://search.example/", "http://192.0.2.7:80"])
def test_without_credentials_only_this_machine_is_asked(endpoint):
    with pytest.raises(CredentialsRefused, match="no credentials are configured"):
        pages(SearchConsoleClient(endpoint=endpoint))


def settings_with(tmp_path, endpoint):
    return Settings(
        operation="test",
        zone="UTC",
        state_dir=tmp_path,
        config_dir=tmp_path,
        clients=(Client(id="acme", name="Acme", tier="gold"),),
        deliverable_types=("article",),
        search_console=SearchConsole(start=DAY, endpoint=endpoint),
        google_credentials=SecretStr("the key"),
    )


@pytest.mark.parametrize(
    ("endpoint", "key"),
    [
        (None, "the key"),
        ("https://search.example/", "the key"),
        ("http://127.0.0.1:8080", None),
        ("http://localhost:8080", None),
        ("http://[::1]:8080", None),
        ("http://127.0.0.1.example:8080", "the key"),
    ],
)
def test_the_real_key_never_goes_to_a_server_on_this_machine(tmp_path, endpoint, key):
    client = SearchConsoleClient.from_settings(settings_with(tmp_path, endpoint))
    assert (client.endpoint, client.key) == (endpoint, key)
    assert "the key" not in repr(client)


@pytest.mark.parametrize(("configured", "asked"), [(None, "http://127.0.0.1:5"), ("http://[::1]:6", "http://[::1]:6")])
def test_the_default_endpoint_is_asked_where_none_is_configured(tmp_path, configured, asked):
    client = SearchConsoleClient.from_settings(
        settings_with(tmp_path, configured), default_endpoint="http://127.0.0.1:5"
    )
    assert (client.endpoint, client.key) == (asked, None)


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
