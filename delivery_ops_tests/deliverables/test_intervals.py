"""A search row finds its deliverable by page and instant, so at each instant a page has one owner or none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from delivery_ops.deliverables.intervals import SINCE_EVER, Interval, publish, register, withdraw

START = datetime(2026, 3, 2, tzinfo=UTC)
URL = "https://shop.example/a"


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def spans(page: list[Interval]) -> list[tuple[str, int | None, int | None]]:
    """Owner, first day, last day (None: since ever, until further notice)."""

    def number(at: datetime | None) -> int | None:
        return None if at in (None, SINCE_EVER) else (at - START).days

    return [(one.deliverable_id, number(one.valid_from), number(one.valid_to)) for one in page]


def test_a_registered_address_is_the_deliverables_since_ever() -> None:
    page = register([], deliverable_id="a", url=URL, at=day(5))
    assert spans(page) == [("a", None, None)]
    page = publish(page, deliverable_id="a", url=URL, at=day(7))
    assert spans(page) == [("a", None, None)]
    assert page[0].published_at == day(7)


def test_the_page_of_another_is_taken_over_from_the_claim_on() -> None:
    page = publish([], deliverable_id="a", url=URL, at=day(1))
    page = publish(page, deliverable_id="b", url=URL, at=day(3))
    assert spans(page) == [("a", 1, 3), ("b", 3, None)]
    page = register(page, deliverable_id="c", url=URL, at=day(4))
    assert spans(page) == [("a", 1, 3), ("b", 3, 4), ("c", 4, None)]


def test_a_claim_that_comes_late_ends_where_the_next_began() -> None:
    page = publish([], deliverable_id="b", url=URL, at=day(3))
    page = publish(page, deliverable_id="a", url=URL, at=day(1))
    assert spans(page) == [("a", 1, 3), ("b", 3, None)]


def test_a_withdrawn_page_is_nobodys_and_only_its_owner_withdraws_it() -> None:
    page = publish([], deliverable_id="a", url=URL, at=day(1))
    assert withdraw(page, deliverable_id="b", at=day(2)) == page
    page = withdraw(page, deliverable_id="a", at=day(2))
    assert spans(page) == [("a", 1, 2)]
    page = publish(page, deliverable_id="a", url=URL, at=day(5))
    assert spans(page) == [("a", 1, 2), ("a", 5, None)]


def test_first_and_last_time_live_are_kept_in_whatever_order_they_come() -> None:
    page = publish([], deliverable_id="a", url=URL, at=day(1))
    page = publish(page, deliverable_id="a", url=URL, at=day(4))
    page = publish(page, deliverable_id="a", url=f"{URL}#top", at=day(2))
    assert [(one.published_at, one.changed_at, one.url) for one in page] == [(day(1), day(4), f"{URL}#top")]


STEPS = st.lists(st.tuples(st.sampled_from(["publish", "withdraw"]), st.sampled_from("abc"), st.integers(0, 12)))


@given(steps=STEPS)
def test_intervals_say_the_same_as_a_calendar_with_one_owner_a_day(steps: list[tuple[str, str, int]]) -> None:
    page: list[Interval] = []
    calendar: list[tuple[str, int] | None] = [None] * 14  # (owner, which interval) of each day
    for number, (what, owner, at) in enumerate(steps):
        now = calendar[at]
        if what == "publish":
            page = publish(page, deliverable_id=owner, url=URL, at=day(at))
            if now is None or now[0] != owner:
                same = next((d for d in range(at, 14) if calendar[d] != now), 14)
                calendar[at:same] = [(owner, number)] * (same - at)
        else:
            page = withdraw(page, deliverable_id=owner, at=day(at))
            if now is not None and now[0] == owner:
                calendar = [None if d >= at and seen == now else seen for d, seen in enumerate(calendar)]
    for d, seen in enumerate(calendar):
        assert [one.deliverable_id for one in page if one.covers(day(d))] == ([seen[0]] if seen else [])
    assert page == sorted(page, key=lambda one: one.valid_from)
    assert all(one.valid_to is None or one.valid_from < one.valid_to for one in page)
