"""From a webhook of the plugin to events. At stake: what is told wrong here stays in the trail for ever."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from delivery_ops.connectors.delivery import Delivery
from delivery_ops.connectors.wordpress.translate import translate
from delivery_ops.contracts.registry import registry
from delivery_ops.errors import Rejected
from delivery_ops_tests.connectors.wordpress.documents import NEVER, page
from delivery_ops_tests.connectors.wordpress.editing import site_of

NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)
URL = "http://www.agency.example/dlv-7-uber-uns/"
MOVED = "http://www.agency.example/dlv-7-about/"
DRAFT = page(status="draft", date_gmt=NEVER, modified_gmt="2026-11-24 12:55:00")
FRESH = page(modified_gmt="2026-11-24 12:55:44")
PUBLISHED = ("page.published", URL, "8/published/2026-11-24T12:55:44.000Z")
UPDATED = ("page.updated", URL, "8/updated/2026-11-24T12:59:00.000Z")
UNPUBLISHED = ("page.unpublished", URL, "8/unpublished/2026-11-24T13:10:00.000Z")
DOWN = {"modified_gmt": "2026-11-24 13:10:00"}


def delivered(body):
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Delivery(headers=[], body=sent, received_at=NOW)


def saved(before, after, kind="page.saved"):
    return delivered(
        {"type": kind, "timestamp": "2026-11-24T13:00:00+00:00", "data": {"before": before, "after": after}}
    )


def short(drafts):
    return [(one.event_type, one.payload["url"], one.idempotency_key) for one in drafts]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, FRESH, [PUBLISHED]),
        (DRAFT, FRESH, [PUBLISHED]),
        (page(status="future"), FRESH, [PUBLISHED]),
        (DRAFT, page(), [PUBLISHED, UPDATED]),  # a draft given a date of its own
        (FRESH, page(), [UPDATED]),
        (FRESH, FRESH, []),
        (FRESH, page(modified_gmt="2026-11-24 12:55:45"), []),  # a second save within the second
        (page(), page(status="draft", **DOWN), [UNPUBLISHED]),
        (page(), page(status="pending", **DOWN), [UNPUBLISHED]),
        (page(), page(status="private", **DOWN), [UNPUBLISHED]),
        (page(), page(status="trash", **DOWN), [UNPUBLISHED]),
        (page(), page(status="archived-by-a-plugin", **DOWN), [UNPUBLISHED]),
        (
            page(status="draft"),
            page(**DOWN),
            [
                ("page.published", URL, "8/published/2026-11-24T13:10:00.000Z"),
                ("page.updated", URL, "8/updated/2026-11-24T13:10:00.000Z"),
            ],
        ),
        (
            page(),
            page(link=MOVED, slug="dlv-7-about", **DOWN),
            [("page.updated", MOVED, "8/updated/2026-11-24T13:10:00.000Z"), UNPUBLISHED],
        ),
        (DRAFT, page(status="trash"), []),
        (page(slug="nobody"), page(slug="nobody", **DOWN), []),
        (page(), page(slug="nobody", **DOWN), [UNPUBLISHED]),
    ],
)
def test_what_a_save_tells(before, after, expected):
    assert short(translate(saved(before, after), site_of())) == expected


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (page(), [("page.unpublished", URL, "8/deleted")]),
        (page(slug="nobody"), []),
        *((page(status=status), []) for status in ("trash", "draft", "private", "future")),
    ],
)
def test_what_a_deletion_tells(before, expected):
    assert short(translate(saved(before, None, "page.deleted"), site_of())) == expected


def test_the_events_keep_their_contracts_and_name_site_client_and_times():
    drafts = translate(saved(DRAFT, page()), site_of()) + translate(saved(page(), None, "page.deleted"), site_of())
    for draft in drafts:
        assert registry().validate(draft) == draft
        assert (draft.source, draft.client_id, draft.deliverable_id) == ("agency-site", "acme", "dlv-7")
    assert [draft.timestamp.isoformat()[11:16] for draft in drafts] == ["12:55", "12:59", "15:00"]


def test_a_site_whose_clock_is_ahead_dates_nothing_into_the_future():
    ahead = page(date_gmt="2027-01-01 00:00:00", modified_gmt="2027-01-01 00:00:00")
    [draft] = translate(saved(None, ahead), site_of())
    assert (draft.timestamp, draft.idempotency_key) == (NOW, "8/published/2027-01-01T00:00:00.000Z")


@pytest.mark.parametrize("kind", ["ping", "comment.saved", ""])
def test_a_delivery_of_another_kind_tells_nothing(kind):
    assert translate(delivered({"type": kind, "data": None}), site_of()) == []


@pytest.mark.parametrize(
    ("delivery", "code"),
    [
        (delivered(b"{"), "malformed_json"),
        (delivered(b"\xff"), "malformed_json"),
        (delivered(b'{"type": "ping", "type": "page.saved"}'), "malformed_json"),
        (delivered([]), "malformed_delivery"),
        (delivered({}), "malformed_delivery"),
        (delivered({"type": 7}), "malformed_delivery"),
        (delivered({"type": "page.saved"}), "malformed_delivery"),
        (delivered({"type": "page.saved", "data": {"after": page()}}), "malformed_delivery"),
        (saved(page(), None), "malformed_delivery"),
        (saved(page(id=9), page()), "malformed_delivery"),
        (saved(None, None, "page.deleted"), "malformed_delivery"),
        (saved(page(), page(), "page.deleted"), "malformed_delivery"),
        (saved(None, page(id="8")), "malformed_object"),
        (saved({}, page()), "malformed_object"),
    ],
)
def test_what_the_plugin_does_not_send_is_refused_with_the_reason(delivery, code):
    with pytest.raises(Rejected) as refused:
        translate(delivery, site_of())
    assert refused.value.code == code


def test_an_id_that_no_event_may_carry_is_refused():
    with pytest.raises(Rejected) as refused:
        translate(saved(None, page(field="é" * 200)), site_of("field"))
    assert refused.value.code == "invalid_envelope"
