"""A page as WordPress writes it. At stake: two readings of one page, and times that are not what they seem."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_ops.connectors.mapping import DeliverableRule
from delivery_ops.connectors.pages import Site
from delivery_ops.connectors.wordpress.objects import read
from delivery_ops.errors import Rejected
from delivery_ops_tests.connectors.wordpress.documents import NEVER, page
from delivery_ops_tests.connectors.wordpress.editing import RULES, site_of


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize("place", RULES)
def test_each_rule_names_the_deliverable(place):
    seen = read(page(), site_of(place))
    assert (seen.object_id, seen.deliverable_id, seen.url) == (
        "8",
        "dlv-7",
        "http://www.agency.example/dlv-7-uber-uns/",
    )


@pytest.mark.parametrize(
    ("place", "changes"),
    [
        ("slug_prefix", {"slug": "uber-uns"}),
        ("url_pattern", {"link": "http://www.agency.example/uber-uns/"}),
        ("tag", {"tags": []}),
        ("tag", {"tags": ["dlv-7"]}),
        *(("field", {"field": value}) for value in ("", None, [], {"id": 1}, "two words")),
    ],
)
def test_a_page_without_the_mark_is_nobodys(place, changes):
    assert not read(page(**changes), site_of(place)).is_tracked


def test_where_a_page_that_is_not_live_would_be_may_be_unknown():
    assert read(page(status="trash", link=None), site_of()).url == ""


def test_a_field_may_hold_a_number():
    assert read(page(field=42), site_of("field")).deliverable_id == "42"


@pytest.mark.parametrize("separator", [" ", "T"])
def test_times_are_utc_whichever_way_they_came(separator):
    seen = read(page(date_gmt=f"2026-11-24{separator}12:55:44"), site_of())
    assert (seen.published_at, seen.modified_at) == (at("2026-11-24T12:55:44"), at("2026-11-24T12:59:00"))


@pytest.mark.parametrize(
    ("status", "date", "modified", "published_at", "modified_at"),
    [
        # A live page counts as modified when it went live, unless it was saved again.
        ("publish", "2026-03-02 09:00:00", "2026-03-02 09:00:00", "2026-03-02T09:00:00", "2026-03-02T09:00:00"),
        ("publish", "2026-03-02 09:00:00", "2026-03-02 09:00:01", "2026-03-02T09:00:00", "2026-03-02T09:00:00"),
        ("publish", "2026-03-02 09:00:00", "2026-03-02 09:00:02", "2026-03-02T09:00:00", "2026-03-02T09:00:02"),
        ("publish", "2026-03-02 09:00:00", "2026-03-01 17:00:00", "2026-03-02T09:00:00", "2026-03-02T09:00:00"),
        ("publish", "2026-03-02 09:00:00", NEVER, "2026-03-02T09:00:00", "2026-03-02T09:00:00"),
        ("publish", NEVER, "2026-03-02 09:00:00", None, "2026-03-02T09:00:00"),
        ("future", "2026-03-09 09:00:00", "2026-03-02 09:00:00", "2026-03-09T09:00:00", "2026-03-02T09:00:00"),
        # A draft's date is its last save's, or none, until it was live.
        ("draft", NEVER, NEVER, None, "1970-01-01T00:00:00"),
        ("draft", None, "2026-03-02 09:00:00", None, "2026-03-02T09:00:00"),
        ("draft", "-0001-11-30T00:00:00", "2026-03-02 09:00:00", None, "2026-03-02T09:00:00"),
        ("draft", "2026-03-02 09:00:00", "2026-03-02 09:00:00", None, "2026-03-02T09:00:00"),
        ("pending", "2026-03-02 09:00:00", "2026-03-02 09:00:01", None, "2026-03-02T09:00:01"),
        ("draft", "2026-03-01 09:00:00", "2026-03-02 09:00:00", "2026-03-01T09:00:00", "2026-03-02T09:00:00"),
        ("trash", "2026-03-01 09:00:00", "2026-03-02 09:00:00", "2026-03-01T09:00:00", "2026-03-02T09:00:00"),
        ("private", "2026-03-01 09:00:00", "2026-03-02 09:00:00", "2026-03-01T09:00:00", "2026-03-02T09:00:00"),
    ],
)
def test_what_the_two_times_of_a_page_mean(status, date, modified, published_at, modified_at):
    seen = read(page(status=status, date_gmt=date, modified_gmt=modified), site_of())
    assert seen.published_at == (published_at and at(published_at))
    assert seen.modified_at == at(modified_at)
    assert (seen.is_live, seen.is_scheduled) == (status == "publish", status == "future")


@pytest.mark.parametrize(
    ("found", "words"),
    [
        *((found, "no object") for found in (None, [], "page", 7)),
        *((page(id=value), "id is") for value in (None, 0, -1, "8", 8.0, True)),
        (page(type="attachment"), "type is 'attachment'"),
        (page(status=None), "status None"),
        *((page(date_gmt=value), "date_gmt is") for value in ("yesterday", 1614265330, "2026-02-30 09:00:00")),
        *((page(modified_gmt=value), "modified_gmt is") for value in ("2026-03-02T09:00:00Z", "2026-03-02", "", [])),
        (page(date_gmt=None, modified_gmt=None), "neither dated nor ever modified"),
        *((page(tags=value), "tags are") for value in (None, "a", [1], {})),
        (page(link=None), "link is NoneType"),
        (page(slug=7), "slug is int"),
        ({}, "id is None"),
    ],
)
def test_what_wordpress_does_not_write_is_refused(found, words):
    with pytest.raises(Rejected, match=words) as refused:
        read(found, site_of())
    assert refused.value.code == "malformed_object"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.just(NEVER),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(list(page())), JSON), st.sampled_from(list(RULES)))
def test_anything_else_is_read_or_refused(changes, place):
    with suppress(Rejected):
        assert read(page(**changes), site_of(place)).object_id.isdigit()


def test_the_fields_name_is_the_rules():
    site = Site(
        name="s", client_id="acme", url="http://x.example/", rule=DeliverableRule(place="field", value="acf_id")
    )
    assert read(page(field=" dlv-9 "), site).deliverable_id == "dlv-9"
