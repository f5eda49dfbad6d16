"""What a refusal of Search Console means: errors of this room, and the one table that names them.

Google answers 403 for a quota, for a missing permission and for an API that is not enabled, so a status alone says
nothing: the reason decides, then the domain, then the status word, and the HTTP status last. Belongs here: that
classification, as a pure function of an answer. Does not belong here: retrying, which ``client`` does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from delivery_ops.errors import DeliveryOpsError, Permanent, Transient
from delivery_ops.http_client import retry_after

#: The short load bucket spans ten minutes; Google's advice is to wait a quarter of an hour.
LOAD_WAIT = timedelta(minutes=15)


class QuotaExceeded(Transient):
    """Too many or too expensive requests in a short time: slow down, then ask again."""


class Unavailable(Transient):
    """No usable answer came: server trouble, a broken connection, a timeout, a body that is no JSON."""


class AnswerMalformed(Transient):
    """An answer came that contradicts the API's contract or itself; nothing of it is used."""


class DailyLimitReached(Permanent):
    """The day's quota is used up: nothing more will be answered before midnight Pacific time."""


class NotPermitted(Permanent):
    """The account may not read this property."""


class ApiNotEnabled(Permanent):
    """The account's Cloud project has not switched the Search Console API on."""


class CredentialsRefused(Permanent):
    """The credentials are missing, unusable, or no longer accepted."""


class RequestRefused(Permanent):
    """The API calls the request itself wrong; sending it again changes nothing."""


#: Failures that every other day of the same property would meet as well.
CONCERNS_WHOLE_PROPERTY = (QuotaExceeded, DailyLimitReached, NotPermitted, ApiNotEnabled, CredentialsRefused)

Failure = type[QuotaExceeded | Unavailable | AnswerMalformed | Permanent]

_REASONS: dict[str, Failure] = {
    "quotaExceeded": QuotaExceeded,
    "rateLimitExceeded": QuotaExceeded,
    "userRateLimitExceeded": QuotaExceeded,
    "RATE_LIMIT_EXCEEDED": QuotaExceeded,
    "dailyLimitExceeded": DailyLimitReached,
    "forbidden": NotPermitted,
    "insufficientPermissions": NotPermitted,
    "accessNotConfigured": ApiNotEnabled,
    "SERVICE_DISABLED": ApiNotEnabled,
    "authError": CredentialsRefused,
    "invalid_grant": CredentialsRefused,
    "invalid_scope": CredentialsRefused,
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": CredentialsRefused,
    "backendError": Unavailable,
    "internalError": Unavailable,
}
_DOMAINS: dict[str, Failure] = {"usageLimits": QuotaExceeded}
_STATUS_WORDS: dict[str, Failure] = {
    "RESOURCE_EXHAUSTED": QuotaExceeded,
    "PERMISSION_DENIED": NotPermitted,
    "UNAUTHENTICATED": CredentialsRefused,
}
_HTTP_STATUSES: dict[int, Failure] = {
    401: CredentialsRefused,
    403: NotPermitted,
    408: Unavailable,
    429: QuotaExceeded,
}
_REMEDIES: dict[Failure, str] = {
    QuotaExceeded: "The day stays due; the next run asks again.",
    Unavailable: "The day stays due; the next run asks again.",
    AnswerMalformed: "The day stays due and nothing of it was taken; if it happens again, look at the answer itself.",
    DailyLimitReached: "The day stays due; run again after midnight Pacific time.",
    NotPermitted: "Give the account access in Search Console (Settings, Users and permissions).",
    ApiNotEnabled: "Enable the Google Search Console API in the Cloud project of the service account.",
    CredentialsRefused: (
        "Put the key of a service account that has access into DELIVERY_OPS_GOOGLE_CREDENTIALS, "
        "or its file's path into DELIVERY_OPS_GOOGLE_CREDENTIALS_FILE."
    ),
    RequestRefused: "Check the property and the dates of the request.",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """An answer that is no success: HTTP status, headers with lower-case names, body as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def classify(refusal: Refusal, *, doing: str, subject: str, now: datetime) -> DeliveryOpsError:
    """The error that says what to do about a refusal. ``now`` resolves a Retry-After that is a date."""
    body = _json_object(refusal.body)
    kind = _kind(refusal.status, body)
    message = _message(body) or f"the answer was HTTP {refusal.status} without a readable body"
    wait = retry_after(refusal.headers.get("retry-after"), now)
    if kind is QuotaExceeded and wait is None and "load" in message.lower():
        wait = LOAD_WAIT
    return failure(kind, doing, subject=subject, cause=message.rstrip("."), retry_after=wait)


def failure(
    kind: Failure, doing: str, *, subject: str, cause: str, retry_after: timedelta | None = None
) -> DeliveryOpsError:
    """An error of ``kind`` with that kind's remedy. ``cause`` may quote an answer, so it is made ``storable``."""
    remedy, cause = _REMEDIES[kind], storable(cause)
    if issubclass(kind, Transient):
        return kind(doing, subject=subject, cause=cause, remedy=remedy, retry_after=retry_after)
    return kind(doing, subject=subject, cause=cause, remedy=remedy)


def storable(text: str) -> str:
    """``text``, with an escape for what JSON can spell and no table holds: NUL and half a surrogate pair."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")


def _kind(status: int, body: Mapping[str, Any] | None) -> Failure:
    if status >= 500:
        return Unavailable
    if body is None:
        # A proxy's or a front end's page, not the API's own word: its 403 is no verdict on the permission.
        return Unavailable if status == 403 else _HTTP_STATUSES.get(status, RequestRefused)
    for names, table in ((_reasons(body), _REASONS), (_domains(body), _DOMAINS)):
        for name in names:
            if name in table:
                return table[name]
    if _message(body).startswith(("Quota exceeded for sc-domain:", "Quota exceeded for http")):
        return DailyLimitReached  # a property's daily quota comes as a bare 429, without any reason
    word = body["error"].get("status") if isinstance(body["error"], dict) else None
    return _STATUS_WORDS.get(str(word)) or _HTTP_STATUSES.get(status, RequestRefused)


def _json_object(body: bytes) -> dict[str, Any] | None:
    """The body where it is JSON with an ``error``, else None."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and isinstance(value.get("error"), dict | str) else None


def _entries(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The items of ``errors`` (the older form) and of ``details`` (the newer one)."""
    error = body["error"]
    if isinstance(error, dict):
        for form in ("errors", "details"):
            items = error.get(form)
            yield from (item for item in (items if isinstance(items, list) else []) if isinstance(item, dict))


def _reasons(body: Mapping[str, Any]) -> list[str]:
    if isinstance(body["error"], str):  # the token endpoint's form: {"error": "invalid_grant", …}
        return [body["error"]]
    return [str(entry["reason"]) for entry in _entries(body) if "reason" in entry]


def _domains(body: Mapping[str, Any]) -> list[str]:
    return [str(entry["domain"]) for entry in _entries(body) if "domain" in entry]


def _message(body: Mapping[str, Any] | None) -> str:
    if body is None:
        return ""
    if isinstance(body["error"], str):
        return f"{body['error']}: {body.get('error_description', 'no description')}"
    return str(body["error"].get("message") or next((e["message"] for e in _entries(body) if "message" in e), ""))
