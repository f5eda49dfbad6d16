"""What each refusal means. At stake: a quota read as a missing permission, and a missing permission asked for ever."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_ops.errors import DeliveryOpsError, Permanent, Transient
from delivery_ops.search_console.failures import (
    ApiNotEnabled,
    CredentialsRefused,
    DailyLimitReached,
    NotPermitted,
    QuotaExceeded,
    Refusal,
    RequestRefused,
    Unavailable,
    classify,
)

NOW = datetime(2026, 3, 30, 12, tzinfo=UTC)


def old_form(reason, message, *, domain="usageLimits", code=403):
    """The body most Google APIs send: a list of errors with domain and reason."""
    error = {"domain": domain, "reason": reason, "message": message}
    return {"error": {"errors": [error], "code": code, "message": message}}


def new_form(code, message, status, **details):
    """The body newer front ends send: a status word, sometimes with details."""
    error = {"code": code, "message": message, "status": status}
    return {"error": error | ({"details": [details]} if details else {})}


CASES = [
    ("quota by minute", 403, old_form("quotaExceeded", "Search Analytics QPS quota exceeded."), QuotaExceeded),
    ("quota by load", 403, old_form("quotaExceeded", "Search Analytics load quota exceeded."), QuotaExceeded),
    ("rate as 403", 403, old_form("rateLimitExceeded", "Rate Limit Exceeded"), QuotaExceeded),
    ("user rate as 403", 403, old_form("userRateLimitExceeded", "User Rate Limit Exceeded"), QuotaExceeded),
    ("a usage limit without a known reason", 403, old_form("somethingNew", "Slow down"), QuotaExceeded),
    ("rate as 429", 429, old_form("rateLimitExceeded", "Rate Limit Exceeded", code=429), QuotaExceeded),
    (
        "rate in the newer form",
        429,
        new_form(429, "Quota exceeded for quota metric 'Queries'", "RESOURCE_EXHAUSTED", reason="RATE_LIMIT_EXCEEDED"),
        QuotaExceeded,
    ),
    (
        "a property's daily quota as a bare 429",
        429,
        new_form(429, "Quota exceeded for sc-domain:example.com", "RESOURCE_EXHAUSTED"),
        DailyLimitReached,
    ),
    ("daily limit", 403, old_form("dailyLimitExceeded", "Daily Limit Exceeded."), DailyLimitReached),
    (
        "no permission",
        403,
        old_form("forbidden", "User does not have sufficient permission for site 'x'.", domain="global"),
        NotPermitted,
    ),
    ("no permission, newer form", 403, new_form(403, "The caller lacks permission", "PERMISSION_DENIED"), NotPermitted),
    (
        "API not enabled",
        403,
        old_form("accessNotConfigured", "Search Console API has not been used in project 1 before."),
        ApiNotEnabled,
    ),
    (
        "API not enabled, newer form",
        403,
        new_form(403, "API has not been used in project 1", "PERMISSION_DENIED", reason="SERVICE_DISABLED"),
        ApiNotEnabled,
    ),
    ("bad request", 400, new_form(400, "Invalid value at 'dimensions'", "INVALID_ARGUMENT"), RequestRefused),
    ("bad request, older form", 400, old_form("invalidParameter", "bad", domain="global", code=400), RequestRefused),
    ("token refused", 401, old_form("authError", "Invalid Credentials", domain="global", code=401), CredentialsRefused),
    ("token endpoint: grant", 400, {"error": "invalid_grant", "error_description": "revoked"}, CredentialsRefused),
    ("token endpoint: scope", 400, {"error": "invalid_scope", "error_description": "bad"}, CredentialsRefused),
    ("backend, JSON", 503, old_form("backendError", "Backend Error", domain="global", code=503), Unavailable),
    ("backend, a permission's body", 500, old_form("forbidden", "?", domain="global", code=500), Unavailable),
]
NO_JSON = [
    (500, b"<html><title>Error 500</title></html>", Unavailable),
    (502, b"", Unavailable),
    (503, b"\xff\xfe not even text", Unavailable),
    (403, b"<html>unusual traffic from your network</html>", Unavailable),
    (429, b"", QuotaExceeded),
    (408, b"", Unavailable),
    (401, b"", CredentialsRefused),
    (404, b"<html>Not Found</html>", RequestRefused),
    (400, b"[]", RequestRefused),
]


def verdict(status, body, **headers):
    refusal = Refusal(status=status, headers=headers, body=body)
    return classify(refusal, doing="querying", subject="sc-domain:example.com 2026-03-02", now=NOW)


@pytest.mark.parametrize(("status", "body", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_the_reason_decides_and_the_message_is_kept(status, body, expected):
    error = verdict(status, json.dumps(body).encode())
    assert type(error) is expected
    shown = body["error"]["message"] if isinstance(body["error"], dict) else body["error"]
    assert shown.rstrip(".") in error.cause
    assert error.subject == "sc-domain:example.com 2026-03-02"
    assert error.remedy


@pytest.mark.parametrize(("status", "body", "expected"), NO_JSON)
def test_a_body_that_is_no_json_is_judged_by_its_status(status, body, expected):
    error = verdict(status, body)
    assert type(error) is expected
    assert f"HTTP {status}" in error.cause


def test_a_load_quota_asks_for_a_quarter_of_an_hour_and_a_header_overrules_it():
    body = json.dumps(old_form("quotaExceeded", "Search Analytics load quota exceeded.")).encode()
    assert verdict(403, body).retry_after == timedelta(minutes=15)
    assert verdict(403, body, **{"retry-after": "5"}).retry_after == timedelta(seconds=5)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
ERROR_BODIES = st.fixed_dictionaries(
    {}, optional={"errors": JSON, "details": JSON, "message": JSON, "status": JSON, "code": JSON}
)


@given(
    st.integers(400, 599),
    st.binary(max_size=60) | st.builds(lambda e: json.dumps({"error": e}).encode(), ERROR_BODIES | JSON),
)
def test_any_answer_at_all_becomes_exactly_one_of_our_errors(status, body):
    error = verdict(status, body)
    assert isinstance(error, Permanent) != isinstance(error, Transient)
    assert isinstance(error, DeliveryOpsError)


@pytest.mark.parametrize("body", [b'{"error": ' * 100_000, b'{"error": ' + b"9" * 5_000 + b"}"])
def test_a_body_that_no_reader_can_take_in_is_judged_by_its_status(body):
    assert type(verdict(500, body)) is Unavailable


def test_what_a_refusal_says_can_be_stored_whatever_it_says():
    """PostgreSQL holds no NUL and nothing holds half a character; the error goes into the log and the ledger."""
    error = verdict(403, json.dumps(old_form("forbidden", "no\0 permission\ud800 für x", domain="global")).encode())
    assert error.cause == "no\\0 permission\\ud800 für x"
