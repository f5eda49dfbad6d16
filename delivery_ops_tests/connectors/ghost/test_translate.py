"""From a recorded webhook to events. At stake: taking one kind of delivery for another, since Ghost names none."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_ops.connectors.delivery import Delivery
from delivery_ops.connectors.ghost.translate import translate
from delivery_ops.connectors.mapping import DeliverableRule
from delivery_ops.contracts.registry import registry
from delivery_ops.errors import Rejected

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
PAGE, POST = "6b044dc216ca570e3ccdd022", "6b044dc416ca570e3ccdd028"
PAGE_URL, POST_URL = "http://127.0.0.1:2368/dlv-2001-pricing/", "http://127.0.0.1:2368/dlv-2002-case-study/"

# Read off the recordings by hand. The registered event is the oracle of the kind; times are Ghost's own.
EXPECTED = {
    "01-page.published": [("page.published", "dlv-2001", PAGE_URL, f"{PAGE}/published/2026-11-23T14:29:23.000Z")],
    "04-post.published": [("page.published", "dlv-2002", POST_URL, f"{POST}/published/2026-11-23T14:29:24.000Z")],
    "06-post.published.edited": [("page.updated", "dlv-2002", POST_URL, f"{POST}/updated/2026-11-23T14:29:25.000Z")],
    "08-post.unpublished": [("page.unpublished", "dlv-2002", POST_URL, f"{POST}/unpublished/2026-11-23T14:29:26.000Z")],
    "10-post.deleted": [("page.unpublished", "dlv-2002", POST_URL, f"{POST}/deleted")],
    "12-page.published.edited": [("page.updated", "dlv-2001", PAGE_URL, f"{PAGE}/updated/2026-11-23T14:29:27.000Z")],
}
TYPE_OF = {"published": "page.published", "published.edited": "page.updated", "unpublished": "page.unpublished"}


def short(drafts):
    return [(one.event_type, one.deliverable_id, one.payload["url"], one.idempotency_key) for one in drafts]


def delivered(**body):
    return Delivery(headers=[], body=json.dumps(body).encode(), received_at=NOW)


def post(**changes):
    return {
        "id": POST,
        "slug": "dlv-2002-case-study",
        "status": "published",
        "tags": [],
        "updated_at": "2026-11-23T14:00:00.000Z",
        "published_at": "2026-11-23T14:00:00.000Z",
        "url": POST_URL,
    } | changes


@pytest.fixture
def told(site):
    def translated(current, previous, kind="post"):
        return short(translate(delivered(**{kind: {"current": current, "previous": previous}}), site))

    return translated


def test_the_recorded_deliveries_give_exactly_these_events(recordings, site):
    found = {one.name: short(translate(one.delivery, site)) for one in recordings}
    assert found == {one.name: EXPECTED.get(one.name, []) for one in recordings}


def test_the_kind_is_told_as_ghost_had_it_registered(recordings, site):
    for one in recordings:
        kind = one.registered_event.partition(".")[2]
        assert [draft.event_type for draft in translate(one.delivery, site)] == (
            [TYPE_OF[kind]] if kind in TYPE_OF else ["page.unpublished"] if kind == "deleted" else []
        )


def test_the_events_keep_their_contracts_and_name_site_and_client(recordings, site):
    for draft in (draft for one in recordings for draft in translate(one.delivery, site)):
        assert registry().validate(draft) == draft
        assert (draft.source, draft.client_id) == ("agency-site", "acme")


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (DeliverableRule(place="tag", value="#(dlv-[0-9]+)"), {"dlv-2002"}),
        (DeliverableRule(place="slug_prefix", value="dlv-[0-9]+"), {"dlv-2001", "dlv-2002"}),
        (DeliverableRule(place="url_pattern", value="/(?P<deliverable_id>dlv-2001)-"), {"dlv-2001"}),
        (DeliverableRule(place="field", value="custom_excerpt"), set()),
    ],
)
def test_one_rule_names_the_same_deliverable_through_a_pages_whole_life(recordings, site, rule, expected):
    site = replace(site, rule=rule)
    found = [draft for one in recordings for draft in translate(one.delivery, site)]
    assert {draft.deliverable_id for draft in found} == expected
    assert len(found) == sum({"dlv-2001": 2, "dlv-2002": 4}[one] for one in expected)


def test_a_custom_excerpt_may_name_the_deliverable_until_the_end(site):
    site = replace(site, rule=DeliverableRule(place="field", value="custom_excerpt"))
    found = post(custom_excerpt=" DLV-1001 ")
    assert [one.deliverable_id for one in translate(delivered(post={"current": found, "previous": {}}), site)] == [
        "DLV-1001"
    ]
    assert [one.deliverable_id for one in translate(delivered(post={"current": {}, "previous": found}), site)] == [
        "DLV-1001"
    ]


def test_a_page_that_is_no_deliverable_tells_nothing(told):
    assert told(post(slug="about", url="http://127.0.0.1:2368/about/"), {}) == []


def test_a_post_added_as_published_is_published(told):
    assert [one[0] for one in told(post(), {})] == ["page.published"]


def test_a_scheduled_post_goes_live_at_its_publication_time(told):
    due = "2026-11-23T14:00:00.000Z"
    found = told(
        post(updated_at="2026-11-23T14:00:01.000Z"), {"status": "scheduled", "updated_at": "2026-11-23T12:00:00.000Z"}
    )
    assert [one[3] for one in found] == [f"{POST}/published/{due}", f"{POST}/updated/2026-11-23T14:00:01.000Z"]


def test_a_post_that_comes_back_is_published_anew_under_its_own_key(told):
    found = told(
        post(updated_at="2026-11-23T16:00:00.000Z"), {"status": "draft", "updated_at": "2026-11-23T15:00:00.000Z"}
    )
    assert [one[3] for one in found] == [
        f"{POST}/published/2026-11-23T16:00:00.000Z",
        f"{POST}/updated/2026-11-23T16:00:00.000Z",
    ]


def test_a_post_with_a_new_slug_moves(told):
    moved = post(
        slug="dlv-2002-story", url="http://127.0.0.1:2368/dlv-2002-story/", updated_at="2026-11-23T16:00:00.000Z"
    )
    found = told(moved, {"slug": "dlv-2002-case-study", "updated_at": "2026-11-23T15:00:00.000Z"})
    assert [one[:3] for one in found] == [
        ("page.updated", "dlv-2002", "http://127.0.0.1:2368/dlv-2002-story/"),
        ("page.unpublished", "dlv-2002", POST_URL),
    ]


def test_a_post_with_another_deliverables_slug_changes_hands(told):
    moved = post(slug="dlv-9", url="http://127.0.0.1:2368/dlv-9/", updated_at="2026-11-23T16:00:00.000Z")
    found = told(moved, {"slug": "dlv-2002-case-study", "updated_at": "2026-11-23T15:00:00.000Z"})
    assert [one[:2] for one in found] == [
        ("page.published", "dlv-9"),
        ("page.updated", "dlv-9"),
        ("page.unpublished", "dlv-2002"),
    ]


@pytest.mark.parametrize(
    ("current", "previous"),
    [
        (
            post(status="draft", url="http://127.0.0.1:2368/p/x/"),
            {"title": "old", "updated_at": "2026-11-23T13:00:00.000Z"},
        ),
        (post(status="draft", published_at=None), {}),
        (post(status="scheduled"), {"status": "draft", "updated_at": "2026-11-23T13:00:00.000Z"}),
        (post(status="sent"), {"status": "draft", "updated_at": "2026-11-23T13:00:00.000Z"}),
        ({}, post(status="draft", published_at=None)),
        ({}, post(status="scheduled")),
    ],
    ids=[
        "a draft saved",
        "a draft added",
        "scheduled",
        "sent as an e-mail only",
        "never public, deleted",
        "due, deleted",
    ],
)
def test_what_nobody_could_visit_tells_nothing(told, current, previous):
    assert told(current, previous) == []


def test_deleting_a_live_post_is_one_event_though_ghost_sends_two_deliveries(told):
    """Ghost fires post.unpublished and then post.deleted, with one and the same body."""
    assert [one[3] for one in told({}, post())] == [f"{POST}/deleted"]


@pytest.mark.parametrize(
    "body",
    [{}, {"event": "site.changed"}, {"member": {"current": {"id": "1"}}}, {"tag": {"current": {}, "previous": {}}}],
)
def test_other_kinds_tell_nothing(body, site):
    assert translate(delivered(**body), site) == []


def test_a_newer_ghost_may_name_the_event(site):
    found = translate(delivered(event="post.added", post={"current": post(), "previous": {}}), site)
    assert [one.event_type for one in found] == ["page.published"]


def test_a_clock_that_is_ahead_dates_nothing_into_the_future(site):
    ahead = "2026-11-23T18:00:00.000Z"
    [draft] = translate(delivered(post={"current": post(updated_at=ahead, published_at=ahead), "previous": {}}), site)
    assert draft.timestamp == NOW
    assert draft.idempotency_key == f"{POST}/published/{ahead}"


def test_a_deletion_happens_when_it_is_heard_of(site):
    [draft] = translate(delivered(post={"current": {}, "previous": post()}), site)
    assert draft.timestamp == NOW


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:2368/blog/dlv-2002-case-study/", "https://other.example/dlv-2002-case-study/", None]
)
def test_a_page_that_lives_elsewhere_is_refused_with_the_remedy(site, url):
    with pytest.raises(Rejected, match="permalink") as refused:
        translate(delivered(post={"current": post(url=url), "previous": {}}), site)
    assert refused.value.code == "unexpected_address"


def test_posts_may_live_in_a_collection_and_pages_still_at_the_root(site):
    site = replace(site, permalink="/blog/{slug}/")
    blog = post(url="http://127.0.0.1:2368/blog/dlv-2002-case-study/")
    assert short(translate(delivered(post={"current": blog, "previous": {}}), site))[0][2] == blog["url"]
    assert short(translate(delivered(post={"current": {}, "previous": blog}), site))[0][2] == blog["url"]
    assert short(translate(delivered(page={"current": post(), "previous": {}}), site))[0][2] == POST_URL


MALFORMED = [
    post(id=None), post(id="../x"), post(slug=""), post(slug=7), post(status=None), post(updated_at=None),
    post(updated_at="yesterday"), post(updated_at="2026-11-23T14:00:00"), post(published_at=5), post(tags={}),
    post(tags=[{}]), post(tags=["news"]),
]  # fmt: skip


@pytest.mark.parametrize("current", MALFORMED, ids=range(len(MALFORMED)))
def test_an_object_ghost_does_not_write_is_refused(site, current):
    with pytest.raises(Rejected) as refused:
        translate(delivered(post={"current": current, "previous": {}}), site)
    assert refused.value.code == "malformed_object"


@pytest.mark.parametrize(
    "change", [None, [], {}, {"current": {}}, {"current": {}, "previous": {}}, {"current": [], "previous": {}}]
)
def test_a_change_without_a_state_is_refused(site, change):
    with pytest.raises(Rejected) as refused:
        translate(delivered(post=change), site)
    assert refused.value.code == "malformed_delivery"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["current", "previous", "id", "slug", "tags", "name", "status"]), inner, max_size=4
        )
    ),
)


@given(
    st.binary(max_size=40) | st.dictionaries(st.sampled_from(["post", "page"]), JSON).map(json.dumps).map(str.encode)
)
def test_no_body_whatever_gives_more_than_events_or_a_refusal(body):
    from delivery_ops.connectors.pages import Site

    site = Site(name="s", client_id="c", url="http://a.example/", rule=DeliverableRule(place="tag", value=".*"))
    try:
        found = translate(Delivery(headers=[], body=body, received_at=NOW + timedelta()), site)
    except Rejected:
        return
    assert all(one.source == "s" for one in found)
