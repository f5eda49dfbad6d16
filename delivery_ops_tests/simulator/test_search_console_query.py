"""A request that breaks a rule of the real service is refused here, too; one that keeps them is understood.

The Python client sends whatever it is given: what this module lets through, an export would learn to rely on.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest

from delivery_ops.simulator.search_console_query import Filter, InvalidArgument, Query, parse

DAY = {"startDate": "2026-03-02", "endDate": "2026-03-02"}


def _by(*filters: dict[str, Any], **group: Any) -> dict[str, Any]:
    return {"dimensionFilterGroups": [{"filters": list(filters), **group}]}


ON_PAGE = {"dimension": "page", "operator": "contains", "expression": "/guides/"}
ON_QUERY = {"dimension": "query", "expression": "tent"}


def test_the_least_request_gets_the_defaults() -> None:
    assert parse(DAY) == Query(
        start=date(2026, 3, 2),
        end=date(2026, 3, 2),
        dimensions=(),
        search_type="WEB",
        by_page=False,
        filters=(),
        row_limit=1_000,
        start_row=0,
        data_state="FINAL",
    )


@pytest.mark.parametrize(
    ("spelling", "same"),
    [
        ({"aggregationType": "byPage"}, {"aggregationType": "BY_PAGE"}),
        ({"dataState": "all"}, {"dataState": "ALL"}),
        ({"dimensions": ["date", "page"]}, {"dimensions": ["DATE", "PAGE"]}),
        ({"type": "googleNews"}, {"type": "GOOGLE_NEWS"}),
        ({"searchType": "image"}, {"type": "IMAGE"}),
        ({"dimensions": ["searchAppearance"]}, {"dimensions": ["SEARCH_APPEARANCE"]}),
    ],
)
def test_documented_and_enumerated_spellings_are_the_same_word(spelling: dict[str, Any], same: dict[str, Any]) -> None:
    assert parse({**DAY, **spelling}) == parse({**DAY, **same})


@pytest.mark.parametrize(
    ("change", "by_page"),
    [
        ({}, False),
        ({"dimensions": ["query"]}, False),
        ({"dimensions": ["date", "page"]}, True),
        ({"aggregationType": "byPage"}, True),
        ({"aggregationType": "byProperty"}, False),
        (_by(ON_PAGE), True),
        ({"type": "discover"}, True),
    ],
)
def test_impressions_are_counted_by_page_where_a_page_is_named_or_it_is_asked_for(
    change: dict[str, Any], by_page: bool
) -> None:
    assert parse({**DAY, **change}).by_page is by_page


@pytest.mark.parametrize(
    ("body", "says"),
    [
        pytest.param([], "must be an object", id="no object"),
        pytest.param({}, "startDate is required", id="no dates"),
        pytest.param({"startDate": "2026-03-02"}, "endDate is required", id="no end"),
        pytest.param({**DAY, "startDate": "2.3.2026"}, "startDate is required, as YYYY-MM-DD", id="date format"),
        pytest.param({**DAY, "startDate": "2026-02-30"}, "is no date", id="no such day"),
        pytest.param({**DAY, "startDate": 20260302}, "startDate is required", id="date as a number"),
        pytest.param({**DAY, "startDate": "2026-03-03"}, "must not be later", id="start after end"),
        pytest.param({**DAY, "siteUrl": "x"}, 'Unknown name "siteUrl"', id="unknown field"),
        pytest.param({**DAY, "row_limit": 5}, 'Unknown name "row_limit"', id="snake-case field"),
        pytest.param({**DAY, "dimensions": "date"}, "a list is expected", id="dimensions as text"),
        pytest.param({**DAY, "dimensions": ["day"]}, "dimensions[0]", id="unknown dimension"),
        pytest.param({**DAY, "dimensions": ["date", None]}, "dimensions[1]", id="null dimension"),
        pytest.param({**DAY, "dimensions": ["date", "DATE"]}, "given twice", id="dimension twice"),
        pytest.param({**DAY, "rowLimit": 0}, "from 1 to 25000", id="row limit 0"),
        pytest.param({**DAY, "rowLimit": 25_001}, "from 1 to 25000", id="row limit over"),
        pytest.param({**DAY, "rowLimit": "1000"}, "from 1 to 25000", id="row limit as text"),
        pytest.param({**DAY, "rowLimit": True}, "from 1 to 25000", id="row limit as bool"),
        pytest.param({**DAY, "startRow": -1}, "zero or more", id="negative start row"),
        pytest.param({**DAY, "type": "shopping"}, "Invalid value at 'type'", id="unknown type"),
        pytest.param({**DAY, "type": "web", "searchType": "web"}, "Only one of", id="both type fields"),
        pytest.param({**DAY, "dataState": "fresh"}, "'dataState'", id="unknown data state"),
        pytest.param({**DAY, "aggregationType": "bySite"}, "'aggregationType'", id="unknown aggregation"),
        pytest.param(
            {**DAY, "dimensions": ["page"], "aggregationType": "byProperty"},
            "BY_PROPERTY is not",
            id="property by page",
        ),
        pytest.param(
            {**DAY, **_by(ON_PAGE), "aggregationType": "byProperty"}, "BY_PROPERTY is not", id="property, page filtered"
        ),
        pytest.param({**DAY, "aggregationType": "byNewsShowcasePanel"}, "NEWS_SHOWCASE", id="showcase panel"),
        pytest.param({**DAY, "type": "discover", "aggregationType": "byPage"}, "DISCOVER", id="discover by page"),
        pytest.param({**DAY, "type": "discover", "dimensions": ["query"]}, "QUERY is not", id="discover queries"),
        pytest.param({**DAY, "type": "discover", "dimensions": ["device"]}, "DEVICE is not", id="discover devices"),
        pytest.param({**DAY, "type": "googleNews", **_by(ON_QUERY)}, "QUERY is not", id="news filtered by query"),
        pytest.param({**DAY, "dimensions": ["hour"]}, "HOURLY_ALL need each other", id="hours of final data"),
        pytest.param({**DAY, "dataState": "hourly_all"}, "HOURLY_ALL need each other", id="hourly data without hours"),
        pytest.param(
            {**DAY, "dimensions": ["searchAppearance", "page"]}, "cannot be combined", id="appearance and page"
        ),
        pytest.param({**DAY, **_by(ON_PAGE, groupType="or")}, "groupType", id="or group"),
        pytest.param({**DAY, "dimensionFilterGroups": ["page"]}, "groupType and filters", id="group is no object"),
        pytest.param({**DAY, **_by({**ON_PAGE, "dimension": "date"})}, "dimension", id="filter by date"),
        pytest.param({**DAY, **_by({**ON_PAGE, "operator": "like"})}, "operator", id="unknown operator"),
        pytest.param({**DAY, **_by({**ON_PAGE, "value": "x"})}, "are allowed", id="unknown filter field"),
        pytest.param({**DAY, **_by({"dimension": "page"})}, "expression", id="filter without expression"),
        pytest.param(
            {**DAY, **_by({"dimension": "page", "operator": "includingRegex", "expression": "("})},
            "regular expression",
            id="broken regular expression",
        ),
    ],
)
def test_a_request_that_breaks_a_rule_is_refused_with_the_rule(body: Any, says: str) -> None:
    with pytest.raises(InvalidArgument, match=re.escape(says)):
        parse(body)


@pytest.mark.parametrize(
    ("operator", "expression", "value", "passes"),
    [
        ("EQUALS", "Tent", "tent", True),
        ("EQUALS", "tent", "tents", False),
        ("NOT_EQUALS", "tent", "tents", True),
        ("CONTAINS", "TEN", "a tent", True),
        ("NOT_CONTAINS", "ten", "a tent", False),
        ("INCLUDING_REGEX", "^a .*t$", "a tent", True),
        ("INCLUDING_REGEX", "^A", "a tent", False),
        ("EXCLUDING_REGEX", "^a", "a tent", False),
        ("EXCLUDING_REGEX", "^b", "a tent", True),
    ],
)
def test_filters_compare_as_documented(operator: str, expression: str, value: str, passes: bool) -> None:
    assert Filter(dimension="QUERY", operator=operator, expression=expression).matches(value) is passes
