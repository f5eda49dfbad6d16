"""A search row finds its deliverable by page and instant, so at each instant a page has one owner or none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from delivery_ops.contracts.envelope import Position
from delivery_ops.deliverables.claims import PUBLISHED, REGISTERED, UNPUBLISHED, UPDATED, Claim
from delivery_ops.deliverables.intervals import SINCE_EVER, Interval, intervals_of

START = datetime(2026, 3, 2, tzinfo=UTC)
URL = "https://shop.example/a"
TYPES = {"register": REGISTERED, "publish": PUBLISHED, "update": UPDATED, "withdraw": UNPUBLISHED}


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def page_of(*words: tuple[str, str, int], url: str = URL) -> list[Interval]:
    """What comes of (what, who, on which day), arriving in this order."""
    return intervals_of(
        Claim(
            deliverable_id=who,
            position=Position(position),
            event_type=TYPES[what],
            page_key="shop.example/a",
            url=url if what == "publish" else f"{url}#{what}",
            claimed_at=day(at),
        )
        for position, (what, who, at) in enumerate(words)
    )


def spans(page: list[Interval]) -> list[tuple[str, int | None, int | None]]:
    """Owner, first day, last day (None: since ever, until further notice)."""

    def number(at: datetime | None) -> int | None:
        return None if at in (None, SINCE_EVER) else (at - START).days

    return [(one.deliverable_id, number(one.valid_from), number(one.valid_to)) for one in page]


def test_a_registered_address_is_the_deliverables_since_ever_whenever_it_is_told() -> None:
    for registered in (5, 9):
        assert spans(page_of(("register", "a", registered))) == [("a", None, None)]
        page = page_of(("register", "a", registered), ("publish", "a", 7))
        assert spans(page) == [("a", None, None)]
        assert (page[0].published_at, page[0].url) == (day(7), URL)
    assert spans(page_of(("publish", "a", 1), ("withdraw", "a", 2), ("publish", "a", 3), ("register", "a", 9))) == [
        ("a", None, 2),
        ("a", 3, None),
    ]


def test_the_page_of_another_is_taken_over_from_the_claim_on() -> None:
    assert spans(page_of(("publish", "a", 1), ("publish", "b", 3))) == [("a", 1, 3), ("b", 3, None)]
    assert spans(page_of(("register", "a", 1), ("register", "b", 3))) == [("a", None, 3), ("b", 3, None)]
    assert spans(page_of(("publish", "a", 1), ("publish", "b", 1))) == [("b", 1, None)]


def test_a_registration_takes_no_page_that_another_has_published() -> None:
    page = page_of(("publish", "a", 1), ("register", "b", 4))
    assert page == page_of(("publish", "a", 1))
    assert spans(page_of(("publish", "a", 1), ("withdraw", "a", 2), ("register", "b", 4))) == [
        ("a", 1, 2),
        ("b", 4, None),
    ]


def test_a_withdrawn_page_is_nobodys_and_only_its_owner_withdraws_it() -> None:
    assert page_of(("publish", "a", 1), ("withdraw", "b", 2)) == page_of(("publish", "a", 1))
    assert spans(page_of(("publish", "a", 1), ("withdraw", "a", 2))) == [("a", 1, 2)]
    assert spans(page_of(("publish", "a", 1), ("withdraw", "a", 1))) == []
    again = page_of(("publish", "a", 1), ("publish", "a", 5), ("withdraw", "a", 2))
    assert spans(again) == [("a", 1, 2), ("a", 5, None)]
    assert (again[1].published_at, again[1].changed_at) == (day(5), day(5))


def test_a_late_claim_holds_until_the_next_and_a_late_withdrawal_ends_it_there() -> None:
    assert spans(page_of(("publish", "a", 1), ("publish", "a", 5), ("publish", "b", 3))) == [
        ("a", 1, 3),
        ("b", 3, 5),
        ("a", 5, None),
    ]
    assert spans(page_of(("withdraw", "a", 4), ("publish", "a", 2))) == [("a", 2, 4)]


def test_a_page_is_known_by_its_first_and_last_time_live_and_the_address_told_last() -> None:
    [page] = page_of(("publish", "a", 1), ("publish", "a", 4), ("update", "a", 6), ("update", "a", 2))
    assert (page.published_at, page.changed_at, page.url) == (day(1), day(6), f"{URL}#update")


WORDS = st.lists(st.tuples(st.sampled_from([*TYPES]), st.sampled_from("abc"), st.integers(0, 12)), max_size=12)


@given(words=WORDS, data=st.data())
def test_intervals_do_not_depend_on_arrival_and_never_overlap(
    words: list[tuple[str, str, int]], data: st.DataObject
) -> None:
    apart = [(what, who, at * 20 + number) for number, (what, who, at) in enumerate(words)]
    page = page_of(*apart)
    assert page == page_of(*data.draw(st.permutations(apart)))
    ends = [day(-1)]
    for one in page:
        assert one.valid_from >= ends[-1] or (one is page[0] and one.valid_from == SINCE_EVER)
        assert one.valid_to is None or one.valid_from < one.valid_to
        ends.append(one.valid_to or datetime.max.replace(tzinfo=UTC))
    assert datetime.max.replace(tzinfo=UTC) not in ends[:-1]
