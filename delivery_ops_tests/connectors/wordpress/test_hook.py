"""``hook verify`` for WordPress. At stake: that trying a delivery says what the receiver would do with it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest

from delivery_ops.connectors.delivery import Delivery
from delivery_ops.connectors.wordpress.hook import check
from delivery_ops_tests.connectors.wordpress.documents import page
from delivery_ops_tests.connectors.wordpress.editing import site_of

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SENT = datetime(2026, 11, 24, 13, tzinfo=UTC)
PUBLISHED = json.dumps({"type": "page.saved", "data": {"before": None, "after": page()}}).encode()


def delivery(body=PUBLISHED, *, late=timedelta()):
    timestamp = str(int(SENT.timestamp()))
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    digest = hmac.new(key, f"msg_1.{timestamp}.".encode() + body, hashlib.sha256).digest()
    signature = f"v1,{base64.b64encode(digest).decode()}"
    headers = [("webhook-id", "msg_1"), ("webhook-timestamp", timestamp), ("webhook-signature", signature)]
    return Delivery(headers=headers, body=body, received_at=SENT + late)


@pytest.mark.parametrize(
    ("given", "secrets", "answer", "events"),
    [
        (delivery(), [SECRET], (True, False, None), ["page.published", "page.updated"]),
        (
            delivery(late=timedelta(hours=1)),
            [SECRET],
            (True, True, "stale_timestamp"),
            ["page.published", "page.updated"],
        ),
        (delivery(), [], (False, False, "no_secret"), []),
        (delivery(), ["whsec_b3RoZXI="], (False, False, "wrong_signature"), []),
        (delivery(b"{}"), [SECRET], (True, False, "malformed_delivery"), []),
        (delivery(b'{"type": "ping"}'), [SECRET], (True, False, None), []),
    ],
    ids=["authentic", "late", "no secret", "another secret", "not understood", "another kind"],
)
def test_a_delivery_is_told_authentic_stale_or_neither_and_what_would_come_of_it(given, secrets, answer, events):
    found = check(given, site_of(), secrets).as_json()
    assert (found["authentic"], found["stale"], found["reason"]) == answer
    assert [one["event_type"] for one in found["events"]] == events
