"""Ways in which a Search Console property can fail, with the bodies the real service sends.

Belongs here: one constructor per kind of failure, to hand to ``serving`` for a property. Does not belong here: what
a client should do about it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

from delivery_ops.simulator.loopback import Answer

JSON = "application/json; charset=UTF-8"


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """``change`` turns the true answer into what is sent (``None``: the connection is closed instead), for the
    first ``times`` requests (``None``: for all)."""

    change: Callable[[Answer], Answer | None]
    times: int | None = None


def error(code: int, message: str, *, reason: str, domain: str = "global", status: str | None = None) -> Answer:
    """An error in Google's JSON shape."""
    body: dict[str, object] = {
        "code": code,
        "message": message,
        "errors": [{"message": message, "domain": domain, "reason": reason}],
    }
    if status:
        body["status"] = status
    return Answer(status=code, body=json.dumps({"error": body}).encode(), content_type=JSON)


def no_permission(name: str) -> Answer:
    """What a property answers that is not there, or not for this account: the service does not tell which."""
    message = (
        f"User does not have sufficient permission for site '{name}'. "
        "See also: https://support.google.com/webmasters/answer/2451999."
    )
    return error(403, message, reason="forbidden")


def forbidden(name: str) -> Fault:
    """The account lost its permission."""
    return _always(no_permission(name))


def quota_exceeded(times: int | None = None) -> Fault:
    """The load quota: a 403 that is no permission error."""
    return _always(
        error(403, "Search Analytics load quota exceeded.", reason="quotaExceeded", domain="usageLimits"), times
    )


def daily_limit() -> Fault:
    """Nothing more before midnight in California."""
    message = "Daily Limit Exceeded. The quota will be reset at midnight Pacific Time (PT)."
    return _always(error(403, message, reason="dailyLimitExceeded", domain="usageLimits"))


def rate_limited(retry_after_seconds: int, times: int | None = None) -> Fault:
    """Too many requests a minute, with the wait it asks for."""
    answer = error(429, "Rate Limit Exceeded", reason="rateLimitExceeded", domain="usageLimits")
    return _always(replace(answer, headers={"Retry-After": str(retry_after_seconds)}), times)


def backend_error(status: int = 502, times: int | None = None) -> Fault:
    """A front end that speaks HTML."""
    body = f"<!DOCTYPE html><title>Error {status} (Server Error)!!1</title><p>That's an error.".encode()
    return _always(Answer(status=status, body=body), times)


def malformed(times: int | None = None) -> Fault:
    """A body cut in half that says it is complete."""
    return Fault(change=lambda true: replace(true, body=true.body[: len(true.body) // 2]), times=times)


def slow(seconds: float, times: int | None = None) -> Fault:
    """The true answer, late."""
    return Fault(change=lambda true: replace(true, delay_seconds=seconds), times=times)


def dropped(times: int | None = None) -> Fault:
    """The connection is closed without an answer."""
    return Fault(change=lambda _: None, times=times)


def _always(answer: Answer, times: int | None = None) -> Fault:
    return Fault(change=lambda _: answer, times=times)
