"""The paginator. At stake: a walk that never ends, and rows counted twice while others are missing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_ops.search_console.failures import AnswerMalformed
from delivery_ops.search_console.paging import Paginator


def rows(*names):
    return [{"keys": [name]} for name in names]


@given(st.integers(0, 30), st.integers(1, 7))
def test_every_row_is_seen_once_with_the_fewest_pages_that_can_prove_the_end(count, page_size):
    truth = rows(*map(str, range(count)))
    paginator = Paginator(subject="a day", page_size=page_size)
    seen, pages = [], 0
    while not paginator.finished:
        page = truth[paginator.start_row : paginator.start_row + page_size]
        paginator.advance(page)
        seen += page
        pages += 1
    assert seen == truth
    exact = count > 0 and count % page_size == 0
    assert pages == max(1, -(-count // page_size)) + exact


@pytest.mark.parametrize(
    "pages",
    [
        pytest.param([rows("a", "b"), rows("a", "b")], id="the same page again: the server ignores startRow"),
        pytest.param([rows("a", "b"), rows("b", "c")], id="a tie that moved between two pages"),
        pytest.param([rows("a", "a")], id="twice on one page"),
    ],
)
def test_a_row_that_comes_twice_is_an_error_and_not_counted(pages):
    paginator = Paginator(subject="sc-domain:example.com 2026-03-02", page_size=2)
    with pytest.raises(AnswerMalformed, match=r"sc-domain:example\.com 2026-03-02.*a second time"):
        for page in pages:
            paginator.advance(page)


def test_equal_parts_of_different_keys_are_different_rows():
    paginator = Paginator(subject="a day", page_size=10)
    paginator.advance([{"keys": ["a", "bc"]}, {"keys": ["ab", "c"]}, {"keys": ["", "abc"]}])
    assert paginator.start_row == 3
