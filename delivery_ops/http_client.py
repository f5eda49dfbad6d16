"""What every HTTP client here needs: a date or a wait as a header names it, and the certificates that are trusted.

Belongs here: what HTTP itself says, alike for every server. Does not belong here: requests, and what an answer means;
that is each room's own.
"""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache


def retry_after(value: str | None, now: datetime) -> timedelta | None:
    """The wait that Retry-After asks for, as RFC 9110 has it: seconds, or a date; None where absent or unreadable."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=int(text[:9]))  # 31 years: what is longer is no longer a timedelta
    instant = http_date(text)
    return max(timedelta(), instant - now) if instant else None


def http_date(value: str) -> datetime | None:
    """The instant that an HTTP date names; None where it is none."""
    try:
        instant = parsedate_to_datetime(value)
        return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


@cache
def tls_context() -> ssl.SSLContext:
    """The one context of this process: making one reads some 140 certificates."""
    import httpcore  # here, since a command that asks nobody must not pay for it

    return httpcore.default_ssl_context()
