"""Standard Webhooks: ``webhook-signature: v1,<base64>``, HMAC-SHA256 over ``id.timestamp.body``.

Belongs here: that decision, a total function of headers and bytes. Does not belong here: what the body says. Our own,
since the reference library answers a malformed header with exceptions that no signature is needed for, lets one bad
entry hide the good one after it, and takes several spellings of one signature and of one time. There is one spelling
of each here. ``v1a`` (Ed25519) is another scheme and proves nothing to a shared secret.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from delivery_ops.connectors.delivery import TOLERANCE, Authentic, Headers, Refused, Stale, Verdict, values_of

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
SECRET_PREFIX = "whsec_"  # noqa: S105 (the scheme's own mark, no secret)
MAX_SIGNATURES = 16

# The dot joins what is signed, so it may stand in neither. ASCII digits alone: int() takes eleven other alphabets.
_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_TIMESTAMP = re.compile(r"[0-9]{10,12}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC, microsecond=0) - _EPOCH


def verify(headers: Headers, body: bytes, secrets: Sequence[str], now: datetime) -> Verdict:
    """Whether ``body`` was signed with one of the active ``secrets``, at most five minutes from ``now``.

    Never raises, whatever the headers hold. Every signature is compared with every secret's, in a time that says
    nothing about which fitted. A secret that is no base64 signs nothing.

    Args:
        secrets: each in base64, with or without the prefix ``whsec_``.
    """
    keys = [key for secret in secrets if (key := _bytes(secret.removeprefix(SECRET_PREFIX)))]
    if not keys:
        return Refused(reason="no_secret")  # an empty one would be anybody's
    found = [values_of(headers, name) for name in (ID, TIMESTAMP, SIGNATURE)]
    if not all(found):
        return Refused(reason="missing_signature")
    if any(len(values) > 1 for values in found):
        return Refused(reason="duplicate_header")
    [[delivery_id], [timestamp], [given]] = found
    candidates = list(_candidates(given))
    if not (candidates and _ID.fullmatch(delivery_id) and _TIMESTAMP.fullmatch(timestamp)):
        return Refused(reason="malformed_signature")
    signed = f"{delivery_id}.{timestamp}.".encode() + body
    digests = [hmac.digest(key, signed, "sha256") for key in keys]
    fits = [hmac.compare_digest(one, digest) for one in candidates for digest in digests]
    if not any(fits):
        return Refused(reason="wrong_signature")
    sent_at = _EPOCH + min(timedelta(seconds=int(timestamp)), _LAST)
    return Authentic() if abs(now - sent_at) <= TOLERANCE else Stale(sent_at=sent_at)


def _candidates(header: str) -> Iterator[bytes]:
    """The v1 signatures of the header; none where it holds more than anybody rotating secrets would send."""
    entries = header.split(" ")
    for entry in entries if len(entries) <= MAX_SIGNATURES else []:
        version, _, text = entry.partition(",")
        if version == "v1" and (signature := _bytes(text)):
            yield signature


def _bytes(text: str) -> bytes:
    """What ``text`` is the one canonical base64 of; nothing where it is none."""
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return found if base64.b64encode(found).decode() == text else b""
