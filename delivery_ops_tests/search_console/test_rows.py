"""From the API's rows to the lake's tables. At stake: swapped columns, lost rows, and a false zero day."""

import hashlib
from datetime import date

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_ops.lake.datasets import SEARCH_PAGES, SEARCH_QUERIES, SEARCH_TOTALS
from delivery_ops.search_console.failures import AnswerMalformed
from delivery_ops.search_console.rows import search_day

PROPERTY = "sc-domain:example.com"
DAY = date(2026, 3, 8)
HOME = "https://example.com/"


def row(*keys, clicks=1.0, impressions=10.0, position=3.5):
    return {"keys": list(keys), "clicks": clicks, "impressions": impressions, "ctr": 0.1, "position": position}


def day_of(totals=(), pages=(), queries=()):
    return search_day(PROPERTY, DAY, totals=totals, pages=pages, queries=queries)


def table(found, dataset):
    return {d.name: t for d, t in found.tables()}[dataset.name].to_pylist()


def test_keys_get_the_names_they_were_asked_for_by():
    found = day_of(
        [row("2026-03-08", clicks=3.0, impressions=20.0, position=2.25)],
        [row("2026-03-08", HOME, clicks=2.0, impressions=15.0, position=1.0055)],
        [row("2026-03-08", "shoes", HOME, clicks=1.0, impressions=4.0, position=1.5)],
    )
    own = {"property": PROPERTY, "date": DAY}
    assert table(found, SEARCH_TOTALS) == [own | {"clicks": 3, "impressions": 20, "position": 2.25}]
    page = own | {"page": HOME, "page_key": "example.com/"}
    assert table(found, SEARCH_PAGES) == [page | {"clicks": 2, "impressions": 15, "position": 1.0055}]
    assert table(found, SEARCH_QUERIES) == [page | {"query": "shoes", "clicks": 1, "impressions": 4, "position": 1.5}]
    assert not found.is_zero


def test_every_table_is_exactly_its_dataset_even_without_rows():
    for dataset, content in day_of().tables():
        assert content.schema == dataset.schema


def test_a_complete_day_without_rows_is_an_explicit_zero():
    found = day_of()
    assert found.is_zero
    assert table(found, SEARCH_TOTALS) == [
        {"property": PROPERTY, "date": DAY, "clicks": 0, "impressions": 0, "position": None}
    ]
    assert (table(found, SEARCH_PAGES), table(found, SEARCH_QUERIES)) == ([], [])


def test_totals_alone_are_no_zero_day_because_queries_and_pages_may_all_be_hidden():
    found = day_of([row("2026-03-08", clicks=0.0, impressions=1.0)])
    assert not found.is_zero


def test_an_empty_query_is_kept_and_is_not_null():
    found = day_of([row("2026-03-08")], [row("2026-03-08", HOME)], [row("2026-03-08", "", HOME)])
    assert [r["query"] for r in table(found, SEARCH_QUERIES)] == [""]


def test_a_fragment_is_a_row_of_its_own_with_the_key_of_its_page():
    pages = [row("2026-03-08", HOME), row("2026-03-08", f"{HOME}#:~:text=x")]
    found = day_of([row("2026-03-08")], pages)
    assert [r["page_key"] for r in table(found, SEARCH_PAGES)] == ["example.com/", "example.com/"]


@pytest.mark.parametrize(
    ("totals", "pages", "queries"),
    [
        pytest.param([row("2026-03-09")], [], [], id="another day"),
        pytest.param([row("2026-03-08")], [row(HOME, "2026-03-08")], [], id="date and page swapped"),
        pytest.param([row("2026-03-08")], [], [row("2026-03-08", HOME, "shoes")], id="query and page swapped"),
        pytest.param([row("2026-03-08", clicks=1.5)], [], [], id="half a click"),
        pytest.param([row("2026-03-08", clicks=-1.0)], [], [], id="fewer than no clicks"),
        pytest.param([row("2026-03-08", clicks=True)], [], [], id="a truth value"),
        pytest.param([row("2026-03-08", clicks="3")], [], [], id="clicks as text"),
        pytest.param([row("2026-03-08", impressions=float("inf"))], [], [], id="infinite impressions"),
        pytest.param([row("2026-03-08", impressions=1e300)], [], [], id="more than any integer column"),
        pytest.param([row("2026-03-08", position=float("nan"))], [], [], id="a position that is no number"),
        pytest.param([{"keys": ["2026-03-08"], "clicks": 1.0, "impressions": 2.0}], [], [], id="no position"),
        pytest.param([row("2026-03-08")], [row("2026-03-08", "https://example.com/\ud800")], [], id="half a character"),
        pytest.param([row("2026-03-08")], [row("2026-03-08", f"{HOME}\0")], [], id="a NUL in a page"),
        pytest.param([row("2026-03-08")], [], [row("2026-03-08", "sho\0es", HOME)], id="a NUL in a query"),
        pytest.param([row("2026-03-08", clicks=10**400)], [], [], id="more than any double"),
        pytest.param([row("2026-03-08", clicks=None)], [], [], id="clicks that are null"),
        pytest.param([row("2026-03-08", position=-1.0)], [], [], id="a position before the first"),
        pytest.param([row("2026-03-08", position=[3.5])], [], [], id="a position in a list"),
        pytest.param([], [row("2026-03-08", HOME)], [], id="pages without a total: no zero day"),
        pytest.param([], [], [row("2026-03-08", "shoes", HOME)], id="queries without a total: no zero day"),
    ],
)
def test_rows_that_cannot_be_what_was_asked_for_are_a_typed_error(totals, pages, queries):
    with pytest.raises(AnswerMalformed, match="2026-03-08"):
        day_of(totals, pages, queries)


COUNTS = st.integers(0, 10**12).map(float)
POSITIONS = st.floats(1, 500)
NO_NUL = st.characters(codec="utf-8", exclude_characters="\0")


@given(
    st.dictionaries(
        st.tuples(st.text(NO_NUL, max_size=5), st.sampled_from(["a", "B", "c?x=1", "%C3%A4", "ä"])),
        st.tuples(COUNTS, COUNTS, POSITIONS),
        max_size=8,
    ),
    st.randoms(),
)
def test_no_number_is_changed_and_no_order_of_ties_shows(cells, shuffle):
    """The lake holds exactly the API's numbers, and equal content has equal tables and digest in any order."""
    rows = [
        row("2026-03-08", query, HOME + path, clicks=clicks, impressions=impressions, position=position)
        for (query, path), (clicks, impressions, position) in cells.items()
    ]
    total = [row("2026-03-08")]
    found = day_of(total, [], rows)
    shuffle.shuffle(rows)
    again = day_of(total, [], rows)
    assert found == again
    assert all(a.equals(b) for (_, a), (_, b) in zip(found.tables(), again.tables(), strict=True))
    kept = {
        (r["query"], r["page"].removeprefix(HOME)): (r["clicks"], r["impressions"], r["position"])
        for r in table(found, SEARCH_QUERIES)
    }
    assert kept == cells


@pytest.mark.parametrize(
    "other",
    [
        day_of([row("2026-03-08", clicks=2.0)]),
        day_of([row("2026-03-08")], [row("2026-03-08", HOME)]),
        day_of([row("2026-03-08")], [], [row("2026-03-08", "", HOME)]),
        day_of(),
    ],
)
def test_any_difference_in_content_shows_in_the_digest(other):
    found = day_of([row("2026-03-08")])
    assert found.digest != other.digest
    assert len(bytes.fromhex(found.digest)) == hashlib.sha256().digest_size


def test_the_totals_are_written_last():
    """A day whose totals stand is whole: `export` relies on it."""
    assert [d.name for d, _ in day_of().tables()][-1] == SEARCH_TOTALS.name
    assert all(isinstance(t, pa.Table) for _, t in day_of().tables())
