"""A Search Analytics request as the real service reads it: parsed, checked, or refused with its reason.

Belongs here: every rule a request can break (Search Console API v1, ``searchanalytics.query``). The Python client
passes bodies through unchecked, so a fake that does not check proves nothing. Does not belong here: the answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

DIMENSIONS = ("DATE", "QUERY", "PAGE", "COUNTRY", "DEVICE", "SEARCH_APPEARANCE", "HOUR")
_FILTERABLE = ("QUERY", "PAGE", "COUNTRY", "DEVICE", "SEARCH_APPEARANCE")
_OPERATORS = ("EQUALS", "NOT_EQUALS", "CONTAINS", "NOT_CONTAINS", "INCLUDING_REGEX", "EXCLUDING_REGEX")
_TYPES = ("WEB", "IMAGE", "VIDEO", "NEWS", "DISCOVER", "GOOGLE_NEWS")
_AGGREGATIONS = ("AUTO", "BY_PROPERTY", "BY_PAGE", "BY_NEWS_SHOWCASE_PANEL")
_DATA_STATES = ("FINAL", "ALL", "HOURLY_ALL")
_FIELDS = (
    "startDate", "endDate", "dimensions", "type", "searchType", "dimensionFilterGroups",
    "aggregationType", "rowLimit", "startRow", "dataState",
)  # fmt: skip
_MOST_ROWS, _DEFAULT_ROWS = 25_000, 1_000
# What the feeds outside the result page do not know.
_NOT_KNOWN_TO = {"DISCOVER": ("QUERY", "DEVICE"), "GOOGLE_NEWS": ("QUERY",)}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class InvalidArgument(Exception):
    """The request breaks a rule; the text is what the service answers with status 400."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter:
    """One condition on a dimension."""

    dimension: str
    operator: str
    expression: str

    def matches(self, value: str) -> bool:
        """Whether ``value`` passes; comparisons ignore case, regular expressions do not."""
        found = {
            "EQUALS": lambda: value.lower() == self.expression.lower(),
            "CONTAINS": lambda: self.expression.lower() in value.lower(),
            "REGEX": lambda: re.search(self.expression, value) is not None,
        }
        name = self.operator.removeprefix("NOT_").removeprefix("INCLUDING_").removeprefix("EXCLUDING_")
        return found[name]() != self.operator.startswith(("NOT_", "EXCLUDING_"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """A request in order. ``by_page``: how impressions are counted."""

    start: date
    end: date
    dimensions: tuple[str, ...]
    search_type: str
    by_page: bool
    filters: tuple[Filter, ...]
    row_limit: int
    start_row: int
    data_state: str


def parse(body: Any) -> Query:
    """The request in ``body`` (decoded JSON).

    Raises:
        InvalidArgument: with the first rule it breaks.
    """
    if not isinstance(body, dict):
        raise InvalidArgument("Invalid JSON payload received. The request body must be an object.")
    for name in body:
        if name not in _FIELDS:
            raise InvalidArgument(f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.')
    start, end = _date(body, "startDate"), _date(body, "endDate")
    if start > end:
        raise InvalidArgument(f"startDate {start} must not be later than endDate {end}.")
    dimensions = tuple(
        _choice(f"dimensions[{at}]", name, DIMENSIONS) for at, name in enumerate(_list(body, "dimensions"))
    )
    if len(set(dimensions)) != len(dimensions):
        raise InvalidArgument("A dimension must not be given twice.")
    filters = tuple(_filters(body))
    query = Query(
        start=start,
        end=end,
        dimensions=dimensions,
        search_type=_search_type(body),
        by_page=_by_page(body, dimensions, filters),
        filters=filters,
        row_limit=_integer(body, "rowLimit", _DEFAULT_ROWS, lambda n: 1 <= n <= _MOST_ROWS, "from 1 to 25000"),
        start_row=_integer(body, "startRow", 0, lambda n: n >= 0, "zero or more"),
        data_state=_choice("dataState", body.get("dataState", "FINAL"), _DATA_STATES),
    )
    _check_together(query)
    return query


def _date(body: Mapping[str, Any], name: str) -> date:
    value = body.get(name)
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise InvalidArgument(f"{name} is required, as YYYY-MM-DD (got {value!r}).")
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise InvalidArgument(f"{name} is no date: {value!r}.") from error


def _choice(name: str, value: Any, allowed: tuple[str, ...]) -> str:
    """``value`` as one of ``allowed``; ``byPage``, ``BY_PAGE`` and ``by_page`` are the same word."""
    word = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", value).upper() if isinstance(value, str) else None
    if word not in allowed:
        raise InvalidArgument(f"Invalid value at '{name}': {value!r}.")
    return word


def _list(body: Mapping[str, Any], name: str) -> list[Any]:
    value = body.get(name, [])
    if not isinstance(value, list):
        raise InvalidArgument(f"Invalid value at '{name}': a list is expected.")
    return value


def _integer(body: Mapping[str, Any], name: str, default: int, fits: Callable[[int], bool], allowed: str) -> int:
    value = body.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not fits(value):
        raise InvalidArgument(f"{name} must be a number {allowed} (got {value!r}).")
    return value


def _search_type(body: Mapping[str, Any]) -> str:
    if "type" in body and "searchType" in body:
        raise InvalidArgument("Only one of type and searchType may be given.")
    return _choice("type", body.get("type", body.get("searchType", "WEB")), _TYPES)


def _filters(body: Mapping[str, Any]) -> list[Filter]:
    found = []
    for at, group in enumerate(_list(body, "dimensionFilterGroups")):
        where = f"dimensionFilterGroups[{at}]"
        if not isinstance(group, dict) or set(group) - {"groupType", "filters"}:
            raise InvalidArgument(f"Invalid value at '{where}': groupType and filters are allowed.")
        _choice(f"{where}.groupType", group.get("groupType", "AND"), ("AND",))
        for nth, condition in enumerate(_list(group, "filters")):
            found.append(_filter(f"{where}.filters[{nth}]", condition))
    return found


def _filter(where: str, condition: Any) -> Filter:
    if not isinstance(condition, dict) or set(condition) - {"dimension", "operator", "expression"}:
        raise InvalidArgument(f"Invalid value at '{where}': dimension, operator and expression are allowed.")
    expression = condition.get("expression")
    if not isinstance(expression, str):
        raise InvalidArgument(f"Invalid value at '{where}.expression': {expression!r}.")
    operator = _choice(f"{where}.operator", condition.get("operator", "EQUALS"), _OPERATORS)
    if operator.endswith("REGEX"):
        try:
            re.compile(expression)
        except re.error as error:
            raise InvalidArgument(f"Invalid regular expression at '{where}.expression': {error}.") from error
    dimension = _choice(f"{where}.dimension", condition.get("dimension"), _FILTERABLE)
    return Filter(dimension=dimension, operator=operator, expression=expression)


def _by_page(body: Mapping[str, Any], dimensions: tuple[str, ...], filters: tuple[Filter, ...]) -> bool:
    wanted = _choice("aggregationType", body.get("aggregationType", "AUTO"), _AGGREGATIONS)
    names_page = "PAGE" in dimensions or any(condition.dimension == "PAGE" for condition in filters)
    if wanted == "BY_NEWS_SHOWCASE_PANEL":
        raise InvalidArgument("BY_NEWS_SHOWCASE_PANEL needs the NEWS_SHOWCASE search appearance.")
    if wanted == "BY_PROPERTY" and names_page:
        raise InvalidArgument("BY_PROPERTY is not a valid aggregation type when grouping or filtering by page.")
    if wanted != "AUTO" and _search_type(body) in _NOT_KNOWN_TO:
        raise InvalidArgument(f"{wanted} is not a valid aggregation type for {_search_type(body)}.")
    return wanted == "BY_PAGE" or names_page or _search_type(body) in _NOT_KNOWN_TO


def _check_together(query: Query) -> None:
    named = (*query.dimensions, *(condition.dimension for condition in query.filters))
    for dimension in _NOT_KNOWN_TO.get(query.search_type, ()):
        if dimension in named:
            raise InvalidArgument(f"{dimension} is not a valid dimension for {query.search_type}.")
    if ("HOUR" in query.dimensions) != (query.data_state == "HOURLY_ALL"):
        raise InvalidArgument("Grouping by HOUR and dataState HOURLY_ALL need each other.")
    if "SEARCH_APPEARANCE" in query.dimensions and len(query.dimensions) > 1:
        raise InvalidArgument("SEARCH_APPEARANCE cannot be combined with other dimensions.")
