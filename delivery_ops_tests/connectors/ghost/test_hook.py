"""``hook verify`` for Ghost. At stake: an operator who is told that a forged delivery is good, or a good one forged."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from delivery_ops.connectors.ghost.hook import check
from delivery_ops.contracts.wire import from_wire


def test_every_recorded_delivery_checks_out(recordings, site):
    for one in recordings:
        found = check(one.delivery, site, [one.secret])
        assert (found.authentic, found.stale, found.reason) == (True, False, None), one.name


def test_the_answer_is_a_json_document_whose_events_can_be_read_back(recordings, site):
    found = check(recordings[0].delivery, site, ["ghost-secret-1"])
    document = json.loads(json.dumps(found.as_json()))
    assert document.keys() == {"authentic", "stale", "reason", "events"}
    assert [from_wire(event) for event in document["events"]] == list(found.events)
    assert [event["event_type"] for event in document["events"]] == ["page.published"]


def test_a_late_delivery_is_authentic_stale_and_still_understood(recordings, site):
    late = replace(recordings[0].delivery, received_at=recordings[0].sent_at + timedelta(hours=1))
    found = check(late, site, ["ghost-secret-1"])
    assert (found.authentic, found.stale, found.reason) == (True, True, "stale_timestamp")
    assert len(found.events) == 1


@pytest.mark.parametrize("secrets", [[], ["another"]])
def test_a_forged_delivery_is_not_even_read(recordings, site, secrets):
    forged = replace(recordings[0].delivery, body=b"\xff" * 10)
    found = check(forged, site, secrets)
    assert (found.authentic, found.stale, found.events) == (False, False, ())
    assert found.reason == ("wrong_signature" if secrets else "no_secret")


def test_an_authentic_delivery_that_cannot_be_understood_says_why(recordings, site):
    elsewhere = replace(site, url="http://www.other.example/")
    found = check(recordings[0].delivery, elsewhere, ["ghost-secret-1"])
    assert (found.authentic, found.reason, found.events) == (True, "unexpected_address", ())
