"""A deliverable says itself whether it is live and where. At stake: what gates judge, and the url in the marts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from delivery_ops.contracts.envelope import Position
from delivery_ops.deliverables.claims import Claim, counted

START = datetime(2026, 3, 2, tzinfo=UTC)


def claims(*words: str) -> list[Claim]:
    """One a day: ``published a``, ``updated b``, ``unpublished a``, ``registered a``."""
    return [
        Claim(
            deliverable_id="d-1",
            position=Position(day),
            event_type="deliverable.registered" if what == "registered" else f"page.{what}",
            page_key=key,
            url=f"https://{key}",
            claimed_at=START + timedelta(days=day),
        )
        for day, (what, key) in enumerate(word.split() for word in words)
    ]


@pytest.mark.parametrize(
    ("words", "live", "url"),
    [
        pytest.param(["registered a"], [], None, id="a registration publishes nothing"),
        pytest.param(["updated a"], [], None, id="nor does an update"),
        pytest.param(["published a", "unpublished a", "updated a"], [], "a", id="which brings nothing back either"),
        pytest.param(["published a", "unpublished a", "published a"], ["a"], "a", id="published again"),
        pytest.param(["published a", "updated b"], ["a", "b"], "a", id="an update elsewhere of what is live"),
        pytest.param(["published a", "updated b", "unpublished a"], ["b"], "b", id="moved"),
        pytest.param(
            ["published a", "updated b", "unpublished a", "updated a", "unpublished b"], ["a"], "a", id="moved back"
        ),
        pytest.param(["published a", "published b", "unpublished b"], ["a"], "a", id="the page that is left"),
        pytest.param(["published a", "published b", "unpublished a"], ["b"], "b", id="another page is withdrawn"),
        pytest.param(
            ["published a", "published b", "published c", "updated a", "unpublished c"],
            ["b", "a"],
            "a",
            id="of two that are left the one named last",
        ),
        pytest.param(["published a", "published b", "unpublished b", "unpublished a"], [], "a", id="the last one left"),
        pytest.param(["unpublished a"], [], None, id="taken down before anybody knew of it"),
    ],
)
def test_claims_leave_a_deliverable_live_there(words: list[str], live: list[str], url: str | None) -> None:
    in_order = claims(*words)
    for heard in (in_order, in_order[::-1]):
        standing = counted(heard)[1]
        assert list(standing.live) == live
        assert standing.page_key == url
        assert standing.url == (url and f"https://{url}")


def test_only_updates_of_what_is_not_live_do_not_count() -> None:
    heard = claims("updated a", "registered a", "unpublished b", "published a", "updated b", "unpublished a")
    assert counted(heard)[0] == heard[1:]


def test_it_was_published_when_it_first_went_live() -> None:
    assert counted(claims("updated a", "published a", "unpublished a", "published b"))[1].published_at == START + (
        timedelta(days=1)
    )
