"""The agency is a pure function of its seed, is as large as it claims, and its people behave believably."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, time, timedelta

import pytest

from delivery_ops.simulator import planted
from delivery_ops.simulator.agency import build
from delivery_ops.simulator.business_time import BERLIN
from delivery_ops.simulator.files import files_of
from delivery_ops.simulator.records import Agency
from delivery_ops.simulator.search_demand import PACIFIC

NOW = datetime(2026, 3, 30, 12, 0, tzinfo=UTC)
_DIGEST = """
import hashlib
from delivery_ops.simulator.agency import build
from delivery_ops.simulator.files import files_of
agency = build(7)
print(hashlib.sha256(repr(agency).encode() + repr(files_of(agency)).encode()).hexdigest())
"""


def test_the_same_seed_gives_the_same_bytes_in_another_process_with_another_hash_seed(agency: Agency) -> None:
    ours = hashlib.sha256(repr(agency).encode() + repr(files_of(agency)).encode()).hexdigest()
    environment = {**os.environ, "PYTHONHASHSEED": "12345", "TZ": "Asia/Tokyo"}
    theirs = subprocess.run(
        [sys.executable, "-c", _DIGEST], env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()
    assert theirs == ours


def test_another_seed_gives_another_agency_with_the_same_oddities(agency: Agency) -> None:
    other = build(8)
    assert other.touches != agency.touches
    assert other.sightings != agency.sightings
    assert other.revenue != agency.revenue
    assert [d.deliverable_id for d in other.deliverables] == [d.deliverable_id for d in agency.deliverables]


def test_it_is_of_the_size_a_demo_needs(agency: Agency) -> None:
    assert {client.tier for client in agency.clients} == {"gold", "silver", "bronze"}
    assert len(agency.deliverables) == 49
    assert set(Counter(d.type for d in agency.deliverables)) == {
        "landing_page",
        "article",
        "product_page",
        "category_page",
    }
    assert 400 <= len(agency.events) <= 700
    assert 1_000 <= len(agency.touches) <= 2_000
    assert 70 <= len(agency.deals) <= 90


@pytest.mark.parametrize("seed", [7, 8, 2026])
def test_work_happens_in_working_hours_and_nothing_happens_in_the_future(seed: int) -> None:
    agency = build(seed)
    assert all(event.timestamp <= NOW for event in agency.events)
    assert all(touch.touched_at <= NOW for touch in agency.touches)
    assert all(deal.closed_at <= NOW for deal in agency.deals)
    at_other_hours = set()
    for event in agency.events:
        there = event.timestamp.astimezone(BERLIN)
        if there.weekday() > 4 or not time(9) <= there.time() < time(18):
            at_other_hours.add((event.event_type, event.deliverable_id))
    assert at_other_hours == {("sitemap.submitted", None), ("page.published", planted.PUBLISHED_BY_TIMER)}


@pytest.mark.parametrize("seed", [7, 8, 2026])
def test_each_lifecycle_is_in_order_and_ends_at_its_publication(seed: int) -> None:
    agency = build(seed)
    for deliverable in agency.deliverables:
        told = [event for event in agency.events if event.deliverable_id == deliverable.deliverable_id]
        assert told[0].event_type == "intake.received"
        published = [event for event in told if event.event_type == "page.published" and event.payload]
        if deliverable.published_at:
            assert published[0].timestamp == deliverable.published_at
            assert published[0].payload == {"url": deliverable.url}
            begun = min(event.timestamp for event in told)
            assert timedelta(days=2) < deliverable.published_at - begun < timedelta(days=60)
        else:
            assert published == []


@pytest.mark.parametrize("seed", [7, 8, 2026])
def test_nobody_touches_a_page_before_it_is_there(seed: int) -> None:
    agency = build(seed)
    published = {d.deliverable_id: d.published_at for d in agency.deliverables}
    for touch in agency.touches:
        if touch.deliverable_id:
            since = published[touch.deliverable_id]
            assert since is not None
            assert since < touch.touched_at


@pytest.mark.parametrize("seed", [7, 8, 2026])
def test_search_sees_a_page_only_after_its_publication(seed: int) -> None:
    agency = build(seed)
    published = {d.deliverable_id: d.published_at for d in agency.deliverables}
    seen = {sighting.deliverable_id for sighting in agency.sightings} - {None}
    assert seen
    assert not seen & set(planted.NOT_IN_SEARCH)
    for sighting in agency.sightings:
        if sighting.deliverable_id:
            since = published[sighting.deliverable_id]
            assert since is not None
            assert since.astimezone(PACIFIC).date() < sighting.day


def test_a_sighting_never_counts_more_than_it_saw(agency: Agency) -> None:
    final_after = {client.search_property: client.final_after_hours for client in agency.clients}
    for sighting in agency.sightings:
        assert 0 <= sighting.shared <= sighting.impressions
        assert 0 <= sighting.clicks <= sighting.impressions - sighting.shared
        assert sighting.position_tenths >= 10
        assert sighting.known_after_hours <= 24 + final_after[sighting.search_property]
        assert (sighting.day.isoformat(), sighting.hour) != ("2026-03-08", 2)
