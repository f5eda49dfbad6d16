"""Ghost's webhook signature: ``X-Ghost-Signature: sha256=<hex>, t=<ms>``, HMAC-SHA256 over the body and then ``t``.

Belongs here: that decision, a total function of headers and bytes. Does not belong here: what the body says. Older
versions of Ghost signed the body alone; that form is refused, since its ``t`` is anybody's to change and one delivery
could be sent again for ever.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from delivery_ops.connectors.delivery import TOLERANCE, Authentic, Headers, Refused, Stale, Verdict, values_of

HEADER = "X-Ghost-Signature"

# One spelling only, in ASCII: 13 digits are the milliseconds of the years 2001 to 2286.
_SIGNATURE = re.compile(r"sha256=(?P<digest>[0-9a-f]{64}), t=(?P<sent>[0-9]{13})")


def verify(headers: Headers, body: bytes, secrets: Sequence[str], now: datetime) -> Verdict:
    """Whether ``body`` was signed with one of the active ``secrets``, at most five minutes from ``now``.

    Never raises, whatever the headers hold. Every secret is tried, in a time that says nothing about which fitted.
    """
    keys = [secret.encode("utf-8", "surrogatepass") for secret in secrets if secret]
    if not keys:
        return Refused(reason="no_secret")  # an empty one would be anybody's
    given = values_of(headers, HEADER)
    if len(given) != 1:
        return Refused(reason="duplicate_header" if given else "missing_signature")
    signature = _SIGNATURE.fullmatch(given[0])
    if signature is None:
        return Refused(reason="malformed_signature")
    signed = body + signature["sent"].encode()
    fits = [hmac.compare_digest(hmac.digest(key, signed, "sha256").hex(), signature["digest"]) for key in keys]
    if not any(fits):
        return Refused(reason="wrong_signature")
    sent_at = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=int(signature["sent"]))
    return Authentic() if abs(now - sent_at) <= TOLERANCE else Stale(sent_at=sent_at)
