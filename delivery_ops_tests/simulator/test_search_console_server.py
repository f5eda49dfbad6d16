"""The fake Search Console against the client everybody uses: it answers, refuses and fails as the real one does.

Its numbers are compared with ``truth``, which adds them up by other code.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from http.client import RemoteDisconnected
from typing import Any

import httpx
import pytest
from googleapiclient.errors import HttpError

from delivery_ops import clock
from delivery_ops.simulator import faults, planted
from delivery_ops.simulator.faults import Fault
from delivery_ops.simulator.search_demand import FIRST_DAY
from delivery_ops.simulator.serve import Served
from delivery_ops.simulator.truth import Truth

HALDEN, MIRAVA, PELLWORM = "sc-domain:halden.example", "http://www.mirava.example/", "http://www.pellworm.example/"
PROPERTIES = (HALDEN, MIRAVA, PELLWORM)
FOUR_WEEKS = {"startDate": "2026-03-02", "endDate": "2026-03-29"}

Broken = Callable[[Mapping[str, Fault]], AbstractContextManager[Any]]


def _query(service: Any, name: str, **body: Any) -> dict[str, Any]:
    answer: dict[str, Any] = service.searchanalytics().query(siteUrl=name, body={**FOUR_WEEKS, **body}).execute()
    return answer


def _rows(service: Any, name: str, **body: Any) -> list[dict[str, Any]]:
    return list(_query(service, name, rowLimit=25_000, **body).get("rows", ()))


def _sum(rows: list[dict[str, Any]], metric: str) -> float:
    return sum(row[metric] for row in rows)


def _on(day: date) -> dict[str, str]:
    return {"startDate": day.isoformat(), "endDate": day.isoformat()}


def test_sites_are_listed_with_their_permission(search_console: Any) -> None:
    listed = search_console.sites().list().execute()["siteEntry"]
    assert [entry["siteUrl"] for entry in listed] == list(PROPERTIES)
    assert {entry["permissionLevel"] for entry in listed} == {"siteFullUser"}


@pytest.mark.parametrize("name", PROPERTIES)
def test_every_complete_day_is_what_the_truth_adds_up_to(
    search_console: Any, truth: Truth, demo_now: datetime, name: str
) -> None:
    days = truth.complete_days(name, demo_now)
    assert len(days) >= 25
    for day in days:
        expected = truth.search_days[name, day]
        pages = _rows(search_console, name, **_on(day), dimensions=["date", "page"])
        assert {(row["keys"][1], row["clicks"], row["impressions"], round(row["position"], 9)) for row in pages} == {
            (row.page, row.clicks, row.impressions, round(float(row.position), 9)) for row in expected.pages
        }
        queries = _rows(search_console, name, **_on(day), dimensions=["date", "query", "page"])
        assert {(*row["keys"][1:], row["clicks"], row["impressions"]) for row in queries} == {
            (row.query, row.page, row.clicks, row.impressions) for row in expected.queries
        }
        totals = _rows(search_console, name, **_on(day))
        total = expected.total
        assert [(row["clicks"], row["impressions"], round(row["position"], 9)) for row in totals] == (
            [(total.clicks, total.impressions, round(float(total.position), 9))] if total else []
        )


@pytest.mark.parametrize("name", PROPERTIES)
def test_totals_pages_queries_countries_and_devices_relate_as_documented(search_console: Any, name: str) -> None:
    total = _rows(search_console, name)
    by_day = _rows(search_console, name, dimensions=["date"])
    pages = _rows(search_console, name, dimensions=["page"])
    queries = _rows(search_console, name, dimensions=["query"])
    for metric in ("clicks", "impressions"):
        assert _sum(by_day, metric) == _sum(total, metric)
        assert _sum(_rows(search_console, name, dimensions=["country"]), metric) == _sum(total, metric)
        assert _sum(_rows(search_console, name, dimensions=["device"]), metric) == _sum(total, metric)
        assert _sum(queries, metric) < _sum(total, metric)  # anonymised queries are missing
    assert _sum(pages, "impressions") > _sum(total, "impressions")  # two pages in one result count twice
    assert _sum(pages, "clicks") == _sum(total, "clicks")
    assert _sum(_rows(search_console, name, aggregationType="byPage"), "impressions") == _sum(pages, "impressions")


@pytest.mark.parametrize("limit", [1, 7, 1_000, 25_000])
def test_pages_of_any_size_make_up_the_same_rows_in_the_same_order(search_console: Any, limit: int) -> None:
    body = {"dimensions": ["page", "query"], **_on(date(2026, 3, 24))}
    whole = _rows(search_console, HALDEN, **body)
    assert len(whole) > 50
    paged: list[dict[str, Any]] = []
    while rows := _query(search_console, HALDEN, **body, rowLimit=limit, startRow=len(paged)).get("rows"):
        assert len(rows) <= limit
        paged += rows
    assert paged == whole


def test_without_a_limit_a_thousand_rows_come(search_console: Any) -> None:
    body = {"dimensions": ["date", "page", "query"]}
    assert len(_rows(search_console, HALDEN, **body)) > 1_000
    assert len(_query(search_console, HALDEN, **body)["rows"]) == 1_000


def test_rows_come_most_clicked_first_and_by_date_where_it_is_a_dimension(search_console: Any) -> None:
    clicks = [row["clicks"] for row in _rows(search_console, HALDEN, dimensions=["page"])]
    assert clicks == sorted(clicks, reverse=True)
    rows = _rows(search_console, HALDEN, dimensions=["page", "date"])
    order = [(row["keys"][1], -row["clicks"]) for row in rows]
    assert order == sorted(order)


def test_keys_follow_the_order_of_the_request(search_console: Any) -> None:
    one = _rows(search_console, HALDEN, dimensions=["country", "device"])
    other = _rows(search_console, HALDEN, dimensions=["device", "country"])
    assert {tuple(row["keys"]) for row in one} == {tuple(reversed(row["keys"])) for row in other}


def test_metrics_are_doubles_on_the_wire_and_rows_are_absent_when_there_is_nothing(
    served: Served, truth: Truth, demo_now: datetime
) -> None:
    def raw(name: str, day: date) -> str:
        path = f"/webmasters/v3/sites/{name.replace(':', '%3A').replace('/', '%2F')}/searchAnalytics/query"
        return httpx.post(served.search_console_endpoint + path, json=_on(day)).text

    day = truth.complete_days(HALDEN, demo_now)[-1]
    assert ".0," in raw(HALDEN, day)
    assert isinstance(json.loads(raw(HALDEN, day))["rows"][0]["clicks"], float)
    client, zero_day = planted.ZERO_DAY
    assert client == "mirava"
    assert json.loads(raw(MIRAVA, zero_day)) == {"responseAggregationType": "byProperty"}


def test_the_zero_day_is_the_only_complete_day_without_rows(
    search_console: Any, truth: Truth, demo_now: datetime
) -> None:
    missing = {}
    for name in PROPERTIES:
        days = {row["keys"][0] for row in _rows(search_console, name, dimensions=["date"])}
        missing[name] = {day for day in truth.complete_days(name, demo_now) if day.isoformat() not in days}
    assert missing == {HALDEN: set(), MIRAVA: {planted.ZERO_DAY[1]}, PELLWORM: set()}


@pytest.mark.parametrize(
    ("name", "first_incomplete"), [(HALDEN, "2026-03-28"), (MIRAVA, "2026-03-28"), (PELLWORM, "2026-03-27")]
)
def test_final_data_ends_before_the_first_incomplete_date_that_all_data_names(
    search_console: Any, name: str, first_incomplete: str
) -> None:
    final = _query(search_console, name, dimensions=["date"])
    fresh = _query(search_console, name, dimensions=["date"], dataState="all")
    assert fresh["metadata"] == {"first_incomplete_date": first_incomplete}
    assert "metadata" not in final
    before = [row for row in fresh["rows"] if row["keys"][0] < first_incomplete]
    assert final["rows"] == before
    assert len(fresh["rows"]) > len(before)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"dimensions": ["page"], "dataState": "all"}, id="not grouped by date"),
        pytest.param({"dimensions": ["date"], "dataState": "final"}, id="final data"),
        pytest.param({"dimensions": ["date"], "dataState": "all", "endDate": "2026-03-20"}, id="complete range"),
    ],
)
def test_metadata_is_left_out_where_it_does_not_apply(search_console: Any, body: dict[str, Any]) -> None:
    assert "metadata" not in _query(search_console, HALDEN, **body)


def test_today_shows_up_in_fresh_data_only_and_the_future_not_at_all(search_console: Any) -> None:
    late_today = datetime(2026, 3, 31, 5, 0, tzinfo=UTC)  # 22:00 on 30 March in California
    clock.read_from(lambda: late_today)
    days = [
        row["keys"][0]
        for row in _rows(search_console, HALDEN, dimensions=["date"], dataState="all", endDate="2026-04-05")
    ]
    assert days[-1] == "2026-03-30"


def test_a_day_grows_until_it_is_final_and_never_again(search_console: Any, truth: Truth) -> None:
    day = date(2026, 3, 24)
    seen = []
    for hours in range(0, 24 * 6, 6):
        clock.read_from(lambda hours=hours: datetime(2026, 3, 24, 7, tzinfo=UTC) + timedelta(hours=hours))
        seen.append(_sum(_rows(search_console, HALDEN, **_on(day), dataState="all"), "impressions"))
    total = truth.search_days[HALDEN, day].total
    assert total is not None
    assert seen == sorted(seen)
    assert seen[0] == 0
    assert len(set(seen)) > 5
    assert seen[-1] == total.impressions
    final_at = 3 * 4  # 24 hours of the day and 48 until it is final, in steps of 6
    assert seen[final_at:] == [total.impressions] * len(seen[final_at:])


def test_a_day_ends_at_pacific_midnight_also_when_clocks_jump(search_console: Any) -> None:
    # 8 March has 23 hours in California: it ends at 07:00 UTC on the 9th and is final 48 hours later.
    final_at = datetime(2026, 3, 11, 7, 0, tzinfo=UTC)
    for now, days in ((final_at - timedelta(seconds=1), 6), (final_at, 7)):
        clock.read_from(lambda now=now: now)
        assert len(_rows(search_console, HALDEN, dimensions=["date"])) == days


def test_hours_are_told_with_their_offset_for_ten_days(search_console: Any) -> None:
    clock.read_from(lambda: datetime(2026, 3, 12, 12, 0, tzinfo=UTC))
    answer = _query(search_console, HALDEN, dimensions=["hour"], dataState="hourly_all", rowLimit=25_000)
    hours = [row["keys"][0] for row in answer["rows"]]
    assert hours == sorted(hours)
    assert hours[0].startswith("2026-03-02")
    assert {hour[-6:] for hour in hours if hour < "2026-03-08T02"} == {"-08:00"}
    assert {hour[-6:] for hour in hours if hour > "2026-03-08T02"} == {"-07:00"}
    assert answer["metadata"]["first_incomplete_hour"] == "2026-03-10T00:00:00-07:00"
    clock.read_from(lambda: datetime(2026, 3, 20, 12, 0, tzinfo=UTC))
    later = _rows(search_console, HALDEN, dimensions=["hour"], dataState="hourly_all")
    assert min(row["keys"][0] for row in later).startswith("2026-03-10")


@pytest.mark.parametrize("other", ["image", "video", "news", "discover", "googleNews"])
def test_other_search_types_have_nothing(search_console: Any, other: str) -> None:
    assert "rows" not in _query(search_console, HALDEN, type=other)


def test_filters_keep_what_matches_and_a_query_filter_drops_anonymised_queries(search_console: Any) -> None:
    def filtered(dimension: str, operator: str, expression: str) -> float:
        condition = {"dimension": dimension, "operator": operator, "expression": expression}
        return _sum(
            _rows(search_console, HALDEN, aggregationType="auto", dimensionFilterGroups=[{"filters": [condition]}]),
            "impressions",
        )

    total = _sum(_rows(search_console, HALDEN), "impressions")
    devices = [filtered("device", "equals", device) for device in ("mobile", "desktop", "tablet")]
    assert sum(devices) == total
    assert all(devices)
    guides = filtered("page", "contains", "/guides/") + filtered("page", "notContains", "/guides/")
    assert guides == _sum(_rows(search_console, HALDEN, dimensions=["page"]), "impressions")
    assert filtered("query", "includingRegex", ".*") < total


def test_an_unknown_property_is_forbidden_with_the_real_body(search_console: Any) -> None:
    with pytest.raises(HttpError) as refused:
        _query(search_console, "https://www.halden.example/")
    assert refused.value.status_code == 403
    [detail] = refused.value.error_details
    assert (detail["domain"], detail["reason"]) == ("global", "forbidden")
    assert "does not have sufficient permission for site 'https://www.halden.example/'" in detail["message"]


def test_the_property_string_is_compared_byte_for_byte(search_console: Any) -> None:
    for near in ("http://www.mirava.example", "HTTP://www.mirava.example/", "sc-domain:Halden.example"):
        with pytest.raises(HttpError, match="sufficient permission"):
            _query(search_console, near)


def test_a_request_out_of_order_is_refused_as_invalid_argument(search_console: Any) -> None:
    with pytest.raises(HttpError) as refused:
        _query(search_console, HALDEN, dimensions=["page"], aggregationType="byProperty")
    assert refused.value.status_code == 400
    body = json.loads(refused.value.content)
    assert body["error"]["status"] == "INVALID_ARGUMENT"
    assert "BY_PROPERTY" in body["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/webmasters/v3/sites/sc-domain%3Ahalden.example/searchAnalytics/query", 404),
        ("POST", "/webmasters/v3/sites/http://www.mirava.example/searchAnalytics/query", 404),
        ("POST", "/webmasters/v3/sites", 404),
        ("GET", "/", 404),
        ("POST", "/webmasters/v3/sites/sc-domain%3Ahalden.example/searchAnalytics/query", 400),
    ],
)
def test_other_addresses_and_bodies_that_are_no_json_are_refused(
    served: Served, method: str, path: str, status: int
) -> None:
    assert httpx.request(method, served.search_console_endpoint + path, content=b"{'a': 1}").status_code == status


def _refusal(service: Any, name: str = HALDEN) -> HttpError:
    with pytest.raises(HttpError) as refused:
        _query(service, name)
    return refused.value


@pytest.mark.parametrize(
    ("fault", "status", "reason", "domain"),
    [
        (faults.quota_exceeded(), 403, "quotaExceeded", "usageLimits"),
        (faults.daily_limit(), 403, "dailyLimitExceeded", "usageLimits"),
        (faults.rate_limited(7), 429, "rateLimitExceeded", "usageLimits"),
        (faults.forbidden(HALDEN), 403, "forbidden", "global"),
    ],
)
def test_a_broken_property_fails_in_googles_words_and_the_others_answer(
    broken_search_console: Broken, fault: Fault, status: int, reason: str, domain: str
) -> None:
    with broken_search_console({HALDEN: fault}) as service:
        refusal = _refusal(service)
        assert refusal.status_code == status
        assert [(detail["reason"], detail["domain"]) for detail in refusal.error_details] == [(reason, domain)]
        assert _rows(service, MIRAVA)


def test_a_rate_limit_says_how_long_to_wait(broken_search_console: Broken) -> None:
    with broken_search_console({HALDEN: faults.rate_limited(7)}) as service:
        assert _refusal(service).resp["retry-after"] == "7"


def test_a_backend_error_is_html(broken_search_console: Broken) -> None:
    with broken_search_console({HALDEN: faults.backend_error(503)}) as service:
        refusal = _refusal(service)
        assert refusal.status_code == 503
        assert refusal.resp["content-type"].startswith("text/html")


def test_a_fault_may_pass_after_some_requests(broken_search_console: Broken) -> None:
    with broken_search_console({HALDEN: faults.quota_exceeded(times=2)}) as service:
        for _ in range(2):
            assert _refusal(service).status_code == 403
        assert _rows(service, HALDEN)


def test_half_a_body_comes_through_the_client_as_text(broken_search_console: Broken) -> None:
    # googleapiclient swallows the JSON error and returns the text: an exporter must look at what it got.
    with broken_search_console({HALDEN: faults.malformed()}) as service:
        answer: Any = _query(service, HALDEN)
    assert isinstance(answer, str)
    assert answer.startswith('{"responseAggregationType"')


def test_a_dropped_connection_is_an_error_of_the_connection(broken_search_console: Broken) -> None:
    with broken_search_console({MIRAVA: faults.dropped()}) as service, pytest.raises(RemoteDisconnected):
        _query(service, MIRAVA)


def test_a_slow_property_answers_the_truth_later_than_a_client_waits(broken_search_console: Broken) -> None:
    with broken_search_console({HALDEN: faults.slow(0.3)}) as service:
        service._http.http.timeout = 0.1
        with pytest.raises(TimeoutError):
            _query(service, HALDEN)
        service._http.http.timeout = 5
        assert _rows(service, HALDEN)


def test_the_data_starts_with_the_demo(truth: Truth) -> None:
    assert min(day for _, day in truth.search_days) == FIRST_DAY
