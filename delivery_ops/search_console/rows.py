"""One property's Pacific day, from the API's rows to the lake's tables.

The API names no columns: a row's ``keys`` come in the order of the dimensions asked for, and clicks and impressions
are JSON doubles. Belongs here: giving each key its name and checking that it can be what it is named, integers out
of doubles, one order of rows whatever order ties came in, and the digest of the content. Does not belong here:
asking (``client``), writing and matching to deliverables (``export``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from delivery_ops.contracts.envelope import canonical_json
from delivery_ops.errors import DeliveryOpsError
from delivery_ops.lake.datasets import SEARCH_PAGES, SEARCH_QUERIES, SEARCH_TOTALS, Dataset
from delivery_ops.search_console.client import Dimension
from delivery_ops.search_console.failures import AnswerMalformed, failure, storable
from delivery_ops.search_console.paging import Row
from delivery_ops.urls import page_key

TOTALS: tuple[Dimension, ...] = ("date",)
PAGES: tuple[Dimension, ...] = ("date", "page")
QUERIES: tuple[Dimension, ...] = ("date", "query", "page")

Record = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchDay:
    """A complete day: ``totals`` is exactly one record, all zeros on a day without any search.

    Clicks and impressions of pages need not sum to the totals: a property counts once per result page, its pages
    each; and queries asked by few people are left out. ``digest`` is the SHA-256 of all records.
    """

    property_name: str
    day: date
    is_zero: bool
    totals: Record
    pages: list[Record]
    queries: list[Record]
    digest: str

    @property
    def rows_read(self) -> int:
        """How many rows the API gave for the day."""
        return len(self.pages) + len(self.queries) + (0 if self.is_zero else 1)

    def tables(self) -> list[tuple[Dataset, pa.Table]]:
        """The lake's tables of the day, in the order to write them: the totals last (see ``export``)."""
        return [
            (SEARCH_QUERIES, SEARCH_QUERIES.table(self.queries)),
            (SEARCH_PAGES, SEARCH_PAGES.table(self.pages)),
            (SEARCH_TOTALS, SEARCH_TOTALS.table([self.totals])),
        ]


def search_day(
    property_: str, day: date, *, totals: Iterable[Row], pages: Iterable[Row], queries: Iterable[Row]
) -> SearchDay:
    """The day that the API's answers to the three queries make.

    Raises:
        AnswerMalformed: a row cannot be what was asked for, or the answers contradict each other.
    """

    def records(dimensions: tuple[Dimension, ...], rows: Iterable[Row]) -> list[Record]:
        return [_record(property_, day, dimensions, row) for row in rows]

    total_records = records(TOTALS, totals)
    # Ties come in any order. Sorted, equal content makes equal files and equal digests.
    page_records = sorted(records(PAGES, pages), key=lambda record: record["page"])
    query_records = sorted(records(QUERIES, queries), key=lambda record: (record["page"], record["query"]))
    if not total_records and (page_records or query_records):
        raise _malformed(f"{property_} {day}", "pages have rows, and the day as a whole has none")
    zero = {"property": property_, "date": day, "clicks": 0, "impressions": 0, "position": None}
    total = total_records[0] if total_records else zero
    return SearchDay(
        property_name=property_,
        day=day,
        is_zero=not total_records,
        totals=total,
        pages=page_records,
        queries=query_records,
        digest=hashlib.sha256(canonical_json([total, page_records, query_records])).hexdigest(),
    )


def _record(property_: str, day: date, dimensions: tuple[Dimension, ...], row: Row) -> Record:
    named = dict(zip(dimensions, row["keys"], strict=True))
    subject = f"{property_} {day} {row['keys']!r:.200}"
    for dimension, key in named.items():
        if not _CAN_BE[dimension](key, day):
            raise _malformed(subject, f"the key {key!r:.80} is no {dimension} of this day")
    record: Record = {"property": property_, "date": day}
    if "query" in named:
        record["query"] = named["query"]  # "" is a query Google hides, and stays different from null
    if "page" in named:
        record |= {"page": named["page"], "page_key": page_key(named["page"])}
    return record | {
        "clicks": _whole(row.get("clicks"), subject, "clicks"),
        "impressions": _whole(row.get("impressions"), subject, "impressions"),
        "position": _number(row.get("position"), subject, "position"),
    }


def _is_text(key: str, _: date) -> bool:
    """One row with a key that PostgreSQL refuses would stop the publication of all marts."""
    return storable(key) == key


_CAN_BE: dict[Dimension, Callable[[str, date], bool]] = {
    "date": lambda key, day: key == day.isoformat(),
    "page": lambda key, day: key.startswith(("http://", "https://")) and _is_text(key, day),
    "query": _is_text,
}


def _whole(value: object, subject: str, name: str) -> int:
    number = _number(value, subject, name)
    if not number.is_integer():
        raise _malformed(subject, f"{name} is {value!r}, no whole number")
    return int(number)


def _number(value: object, subject: str, name: str) -> float:
    # Up to 2**53 a double holds every whole number exactly. NaN is not inside either.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 2**53:
        raise _malformed(subject, f"{name} is {value!r:.80}, no number from 0 to 2**53")
    return float(value)


def _malformed(subject: str, cause: str) -> DeliveryOpsError:
    return failure(AnswerMalformed, "reading search rows", subject=subject, cause=cause)
