"""The Ghost of these tests against the real one. At stake: everything proved with it would be proved of nothing."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from delivery_ops import clock
from delivery_ops.connectors.delivery import Authentic
from delivery_ops.connectors.ghost.client import token
from delivery_ops.connectors.ghost.signature import verify
from delivery_ops.connectors.ghost.translate import translate
from delivery_ops.simulator.loopback import Request
from delivery_ops_tests.connectors.ghost.server import KEY, SECRET, Ghost

ROOT = "http://127.0.0.1:2368/"
START = datetime(2026, 11, 23, 14, 29, 22, 800_000, tzinfo=UTC)
FORMATS = {
    "instant": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
    "object id": r"[0-9a-f]{24}",
    "uuid": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "preview": re.escape(ROOT) + r"p/[0-9a-f-]{36}/",
    "author": re.escape(ROOT) + r"author/[^/]+/",
    "tag": re.escape(ROOT) + r"tag/[^/]+/",
    "nowhere": re.escape(ROOT) + r"404/",
    "page": re.escape(ROOT) + r"[^/]+/",
}


def replayed(at=START):
    """The recorded history, done anew."""
    ghost = Ghost(at, root=ROOT)
    page = ghost.add("page", "dlv-2001-pricing", title="Pricing page", html="<h2>Pricing</h2><p>From 10 EUR.</p>")
    steps = [
        lambda: ghost.save(page, status="published"),
        lambda: posts.append(ghost.add("post", "dlv-2002-case-study", title="Case study", tags=["#dlv-2002"])),
        lambda: ghost.save(posts[0], status="published"),
        lambda: ghost.save(posts[0], title="Case study, revised"),
        lambda: ghost.save(posts[0], status="draft"),
        lambda: ghost.delete(posts[0]),
        lambda: ghost.save(page, html="<h2>Pricing</h2><p>From 12 EUR.</p>"),
    ]
    posts: list[str] = []
    for step in steps:
        ghost.at += timedelta(milliseconds=850)
        step()
    return ghost


def shape(value):
    """``value`` with each text in its place replaced by what kind of text it is."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    if isinstance(value, str):
        return next((name for name, form in FORMATS.items() if re.fullmatch(form, value)), "text")
    return value if value is None or isinstance(value, bool) else type(value).__name__


def test_the_recorded_history_gives_the_same_deliveries_in_the_same_order(recordings):
    assert [one.event for one in replayed().sent] == [one.registered_event for one in recordings]


def test_every_delivery_has_the_shape_of_the_recorded_one(recordings):
    for made, recorded in zip(replayed().sent, recordings, strict=True):
        assert [name for name, _ in made.delivery.headers] == [name for name, _ in recorded.headers], recorded.name
        assert shape(json.loads(made.delivery.body)) == shape(json.loads(recorded.body)), recorded.name


def test_every_delivery_tells_the_same_events(recordings, site):
    def told(deliveries):
        return [
            [
                (draft.event_type, draft.deliverable_id, draft.payload, draft.idempotency_key.split("/")[1])
                for draft in translate(one, site)
            ]
            for one in deliveries
        ]

    assert told(one.delivery for one in replayed().sent) == told(one.delivery for one in recordings)


def test_every_delivery_is_signed_as_the_recorded_ones():
    for one in replayed().sent:
        assert verify(one.delivery.headers, one.delivery.body, [SECRET], one.delivery.received_at) == Authentic()


def listed(ghost, target):
    clock.read_from(lambda: ghost.at)
    headers = {"authorization": f"Ghost {token(KEY, ghost.at)}"}
    answer = ghost.respond(Request(method="GET", target=target, headers=headers, body=b""))
    assert answer.status == 200
    return json.loads(answer.body)


def test_the_admin_api_lists_posts_in_the_recorded_shape(answers):
    ghost = Ghost(START, root=ROOT)
    ghost.add("post", "coming-soon", status="published", tags=["News"])
    ghost.at += timedelta(seconds=1)
    ghost.add("post", "landing-page", status="published", tags=["#dlv-1001"], custom_excerpt="DLV-1001")
    recorded = answers("admin_posts")
    recorded["posts"][0] |= {"mobiledoc": None, "lexical": "text", "feature_image": None}  # made in Ghost 4's editor
    made = listed(ghost, "/ghost/api/admin/posts/?order=updated_at+asc,id+asc&include=tags")
    assert shape(made) == shape(recorded)


def test_a_page_differs_from_a_post_in_the_admin_api_as_it_does_in_the_content_api(answers):
    ghost = Ghost(START, root=ROOT)
    for kind in ("post", "page"):
        ghost.add(kind, f"a-{kind}", status="published")
    post, page = (listed(ghost, f"/ghost/api/admin/{kind}s/?include=tags")[f"{kind}s"][0] for kind in ("post", "page"))
    recorded = [answers(f"content_{kind}s")[f"{kind}s"][0] for kind in ("post", "page")]
    only_admin = {"email_segment", "email_only"}
    assert page.keys() - post.keys() == recorded[1].keys() - recorded[0].keys()
    assert post.keys() - page.keys() == (recorded[0].keys() - recorded[1].keys()) | only_admin


@pytest.mark.parametrize(
    "target", ["posts/?filter=status:draft", "posts/?order=title+asc", "posts/?formats=html", "tags/"]
)
def test_what_is_not_known_of_the_real_one_is_not_answered(target):
    ghost = Ghost(START)
    headers = {"authorization": f"Ghost {token(KEY, ghost.at)}"}
    request = Request(method="GET", target=f"/ghost/api/admin/{target}", headers=headers, body=b"")
    assert ghost.respond(request).status == 400
