"""Whole runs. At stake: a day nobody asks for again, one client's trouble reaching another, requests for nothing."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from delivery_ops import clock
from delivery_ops.database.roles import Role
from delivery_ops.errors import BadUsage
from delivery_ops.lake.datasets import SEARCH_PAGES, SEARCH_QUERIES, SEARCH_TOTALS
from delivery_ops.search_console.client import SearchConsoleClient
from delivery_ops.search_console.due import configured, export_due, export_range
from delivery_ops.search_console.windows import DaySpan
from delivery_ops.settings import SearchConsole

A, B = "sc-domain:a.example", "https://b.example/"
NOON = datetime(2026, 3, 30, 12, tzinfo=UTC)
TODAY = date(2026, 3, 30)
FORBIDDEN = (403, {"error": {"errors": [{"domain": "global", "reason": "forbidden", "message": "no permission"}]}})
DAILY_LIMIT = (403, {"error": {"errors": [{"domain": "usageLimits", "reason": "dailyLimitExceeded"}]}})
BACKEND = (503, {})


def march(*days):
    return [date(2026, 3, day) for day in days]


def configure(*properties, start=date(2026, 3, 2), trailing_days=5):
    return SearchConsole.model_validate(
        {
            "start": start,
            "trailing_days": trailing_days,
            "properties": [{"property": name, "client": "acme"} for name in properties],
        }
    )


def at(instant):
    clock.read_from(lambda: instant)


@pytest.fixture(autouse=True)
def _noon():
    at(NOON)


@pytest.fixture
def api(search_api):
    """Both properties have rows on every day of March but the 25th; complete are the days before the 28th."""
    days = [day for day in DaySpan(start=date(2026, 3, 1), end=TODAY) if day != date(2026, 3, 25)]
    for name in (A, B):
        search_api.truth[name] = {day: {("shoes", "https://b.example/guide"): (1, day.day)} for day in days}
    search_api.first_incomplete = date(2026, 3, 28)
    return search_api


def run(exporter, search_console, as_of=NOON, **named):
    summary = export_due(exporter, search_console, as_of=as_of, **named)
    assert [one.property_name for one in summary.properties] == [one.property for one in search_console.properties]
    return {one.property_name: one for one in summary.properties}


def impressions(exporter, property_):
    rows = exporter.lake.read(SEARCH_TOTALS).to_pylist()
    return {row["date"]: row["impressions"] for row in rows if row["property"] == property_}


def statuses(exporter, property_):
    with exporter.database.engine(Role.reader).connect() as connection:
        query = sa.text("SELECT date, status FROM ops.search_export WHERE property = :p ORDER BY date, epoch")
        return [(day.day, status) for day, status in connection.execute(query, {"p": property_})]


def test_a_run_exports_the_window_up_to_the_newest_complete_day(exporter, api):
    summary = run(exporter, configure(A))[A]
    assert summary.exported == march(23, 24, 26, 27)
    assert summary.zero == march(25)
    assert summary.incomplete == march(28, 29)
    assert (summary.missing, summary.error, summary.refused) == ([], None, ())
    assert impressions(exporter, A) == dict(zip(march(23, 24, 25, 26, 27), [23, 24, 0, 26, 27], strict=True))
    assert api.calls == {(A, "probe"): 1} | {(A, str(day)): 3 for day in march(23, 24, 25, 26, 27)}
    assert statuses(exporter, A) == [
        (23, "complete"),
        (24, "complete"),
        (25, "zero"),
        (26, "complete"),
        (27, "complete"),
        (28, "incomplete"),
        (29, "incomplete"),
    ]


def test_a_hostile_answer_costs_that_property_and_day_alone(exporter, api):
    """Each of these days is answered with something else that Google never promised."""

    def answer(*rows, **changes):
        usual = {"clicks": 1.0, "impressions": 2.0, "position": 1.0}
        return {"responseAggregationType": "byPage", "rows": [{"keys": list(keys)} | usual | changes for keys in rows]}

    hostile = [
        lambda day: answer([day], clicks=-1),
        lambda day: answer([day], impressions=10**400),
        lambda day: answer([day], position=float("nan")),
        lambda day: answer([day], clicks=None),
        lambda day: answer([day], [day]),
        lambda day: answer(["2026-03-01"]),
        lambda day: answer([]),
        lambda day: answer([day, "shoes"]),
        lambda day: answer([None]),
        lambda day: {"rows": {day: 1}},
        lambda day: {"day": day},
        lambda day: b'{"rows": ' + b"[" * 100_000,
        lambda day: b'{"rows": ' + b"9" * 5_000 + b"}",
    ]
    days = [date(2026, 3, 12) + timedelta(days=at) for at in range(len(hostile))]
    for day, make in zip(days, hostile, strict=True):
        api.faults[A, day] = (200, make(str(day)))
    api.truth[A][date(2026, 3, 26)] = {("sho\0es", "https://a.example/"): (1, 2)}
    api.truth[A][date(2026, 3, 27)] = {("shoes", "https://a.example/\0"): (1, 2)}
    lost = [*days, *march(26, 27)]
    summaries = run(exporter, configure(A, B, trailing_days=16))
    assert (summaries[A].missing, summaries[A].exported, summaries[A].zero) == (lost, [], march(25))
    assert (summaries[B].missing, len(summaries[B].exported)) == ([], 15)
    assert sorted(impressions(exporter, A)) == march(25)


def test_a_refusal_that_no_table_can_hold_as_it_is_stops_nobody_else(exporter, api):
    api.faults[A] = (403, {"error": {"errors": [{"reason": "forbidden", "message": "no\0 permission\ud800"}]}})
    summaries = run(exporter, configure(A, B))
    assert len(summaries[B].exported) == 4
    assert "no\\0 permission\\ud800" in str(summaries[A].error)


def test_a_second_run_at_the_same_instant_probes_and_does_nothing_else(exporter, api):
    run(exporter, configure(A, B))
    api.calls.clear()
    head, log = exporter.ledger.head(), statuses(exporter, A)
    for summary in run(exporter, configure(A, B)).values():
        assert summary.exported == summary.zero == summary.missing == []
        assert summary.incomplete == march(28, 29)
    assert api.calls == {(A, "probe"): 1, (B, "probe"): 1}
    assert exporter.ledger.head() == head
    assert statuses(exporter, A) == log


def test_a_day_that_becomes_complete_is_exported_by_the_next_run(exporter, api):
    run(exporter, configure(A))
    assert max(impressions(exporter, A)) == date(2026, 3, 27)
    api.first_incomplete = date(2026, 3, 29)
    summary = run(exporter, configure(A))[A]
    assert (summary.exported, summary.incomplete) == (march(28), march(29))
    assert impressions(exporter, A)[date(2026, 3, 28)] == 28


def test_without_an_incomplete_date_every_day_that_has_ended_is_complete(exporter, api):
    api.first_incomplete = None
    summary = run(exporter, configure(A))[A]
    assert sorted(summary.exported + summary.zero) == march(25, 26, 27, 28, 29)
    assert summary.incomplete == []


@pytest.mark.parametrize("first_incomplete", march(25, 20))
def test_where_no_day_of_the_window_is_complete_nothing_is_taken_for_complete(exporter, api, first_incomplete):
    api.first_incomplete = first_incomplete
    summary = run(exporter, configure(A))[A]
    assert summary.exported == summary.zero == []
    assert summary.incomplete == march(25, 26, 27, 28, 29)
    assert exporter.lake.partitions(SEARCH_TOTALS) == []
    assert exporter.ledger.head() is None


def test_a_run_of_a_past_date_ends_with_that_date(exporter, api):
    summary = run(exporter, configure(A), as_of=datetime(2026, 3, 20, 22, tzinfo=UTC))[A]
    assert summary.exported == march(15, 16, 17, 18, 19)


def test_a_day_exported_before_it_was_final_is_exported_once_more_and_then_never_again(exporter, api):
    run(exporter, configure(A))  # the 27th ended 53 hours ago, the 26th 77 hours ago
    api.truth[A][date(2026, 3, 27)] = {("shoes", "https://b.example/guide"): (1, 2700)}
    api.calls.clear()
    for hours, asked in [(18, {}), (20, {(A, "2026-03-27"): 3}), (24, {}), (90, {})]:
        at(NOON + timedelta(hours=hours))
        api.calls.clear()
        run(exporter, configure(A), as_of=NOON)
        assert api.calls == {(A, "probe"): 1} | asked, hours
    assert impressions(exporter, A)[date(2026, 3, 27)] == 2700


def test_a_property_without_permission_stops_no_other_and_stays_due(exporter, api):
    api.faults[A] = FORBIDDEN
    summaries = run(exporter, configure(A, B))
    assert summaries[A].missing == march(25, 26, 27, 28, 29)
    assert type(summaries[A].error).__name__ == "NotPermitted"
    assert summaries[B].error is None
    assert summaries[B].exported == march(23, 24, 26, 27)
    assert [one.property_name for one in export_due(exporter, configure(A, B), as_of=NOON).failed] == [A]
    [event] = [e for e in exporter.ledger.read() if e.payload.get("error_class")]
    assert (event.event_type, event.payload["source"], event.payload["error_class"]) == (
        "source.loaded",
        A,
        "NotPermitted",
    )
    assert set(statuses(exporter, A)) == {(day, "failed") for day in (25, 26, 27, 28, 29)}

    api.faults.clear()
    assert run(exporter, configure(A, B))[A].exported == march(23, 24, 26, 27)


def test_one_day_that_fails_stays_due_and_the_days_after_it_are_exported(exporter, api):
    api.faults[A, date(2026, 3, 24)] = BACKEND
    summary = run(exporter, configure(A))[A]
    assert (summary.exported, summary.missing) == (march(23, 26, 27), march(24))
    assert type(summary.error).__name__ == "Unavailable"
    api.faults.clear()
    api.calls.clear()
    summary = run(exporter, configure(A))[A]
    assert (summary.exported, summary.error) == (march(24), None)
    assert api.calls == {(A, "probe"): 1, (A, "2026-03-24"): 3}
    assert statuses(exporter, A)[1:3] == [(24, "failed"), (24, "complete")]


def test_a_limit_of_the_whole_property_ends_its_turn_without_further_requests(exporter, api):
    api.faults[A, date(2026, 3, 24)] = DAILY_LIMIT
    summaries = run(exporter, configure(A, B))
    assert (summaries[A].exported, summaries[A].missing) == (march(23), march(24, 25, 26, 27))
    assert api.calls[A, "2026-03-24"] == 1
    assert not {(A, str(day)) for day in march(25, 26, 27)} & set(api.calls)
    assert summaries[B].exported == march(23, 24, 26, 27)


def test_a_failed_probe_of_a_property_with_nothing_due_is_still_told(exporter, api):
    api.first_incomplete = None
    run(exporter, configure(A))
    api.faults[A] = FORBIDDEN
    summary = run(exporter, configure(A))[A]
    assert (summary.missing, summary.results) == ([], ())
    assert type(summary.error).__name__ == "NotPermitted"
    assert exporter.ledger.read()[-1].payload["error_class"] == "NotPermitted"


def test_a_start_in_the_future_asks_nothing(exporter, api):
    summary = run(exporter, configure(A, start=date(2026, 4, 20)))[A]
    assert summary.results == ()
    assert api.calls == Counter()


def test_the_configured_start_bounds_the_window(exporter, api):
    assert run(exporter, configure(A, start=date(2026, 3, 26)))[A].exported == march(26, 27)


def test_progress_counts_every_due_day_whatever_becomes_of_it(exporter, api):
    api.faults[A, date(2026, 3, 26)] = DAILY_LIMIT
    api.faults[B, date(2026, 3, 24)] = BACKEND
    told = []
    run(exporter, configure(A, B), progress=lambda done, total: told.append((done, total)))
    assert told == [(done, 10) for done in (1, 2, 3, 5, 6, 7, 8, 9, 10)]


def test_two_runs_at_once_both_succeed_and_tell_every_day_once(exporter, api):
    def one_run(_):
        client = SearchConsoleClient(endpoint=api.endpoint)  # one client a thread
        return run(replace(exporter, client=client), configure(A, B))

    with ThreadPoolExecutor(2) as pool:
        for summaries in pool.map(one_run, range(2)):
            assert [summary.error for summary in summaries.values()] == [None, None]
    told = Counter(
        (event.payload["property"], event.payload["date"])
        for event in exporter.ledger.read()
        if event.event_type == "search_export.processed"
    )
    assert told == {(name, str(day)): 1 for name in (A, B) for day in march(23, 24, 25, 26, 27)}
    assert exporter.lake.rows(SEARCH_TOTALS) == 10


# --- ranges ---


def test_a_range_is_exported_and_a_second_call_does_only_what_is_missing(exporter, api):
    span = DaySpan.inclusive(date(2026, 3, 10), date(2026, 3, 13))
    api.faults[A, date(2026, 3, 12)] = BACKEND
    first = export_range(exporter, configure(A), A, span)
    assert (first.exported, first.missing) == (march(10, 11, 13), march(12))
    api.faults.clear()
    api.calls.clear()
    second = export_range(exporter, configure(A), A, span)
    assert (second.exported, second.missing) == (march(12), [])
    assert api.calls == {(A, "probe"): 1, (A, "2026-03-12"): 3}


def test_a_range_says_which_days_cannot_be_had(exporter, api):
    span = DaySpan.inclusive(date(2026, 2, 1), date(2026, 4, 5))
    summary = export_range(exporter, configure(A), A, span)
    assert summary.refused == (
        DaySpan.inclusive(date(2026, 2, 1), date(2026, 3, 1)),
        DaySpan.inclusive(date(2026, 3, 30), date(2026, 4, 5)),
    )
    assert len(summary.exported + summary.zero) == 26
    assert summary.incomplete == march(28, 29)


def test_a_range_of_one_day_works_and_one_of_no_possible_day_asks_nothing(exporter, api):
    one = DaySpan.inclusive(date(2026, 3, 10), date(2026, 3, 10))
    assert export_range(exporter, configure(A), A, one).exported == march(10)
    api.calls.clear()
    past = DaySpan.inclusive(date(2020, 1, 1), date(2020, 1, 31))
    assert export_range(exporter, configure(A), A, past).refused == (past,)
    assert api.calls == Counter()


def test_a_range_that_ends_before_it_starts_is_bad_usage(exporter, api):
    with pytest.raises(BadUsage, match="2026-03-10 to 2026-03-09"):
        export_range(exporter, configure(A), A, DaySpan.inclusive(date(2026, 3, 10), date(2026, 3, 9)))


def test_a_property_that_is_not_configured_is_bad_usage_naming_those_that_are():
    with pytest.raises(BadUsage, match=r"sc-domain:a\.example"):
        configured(configure(A), "sc-domain:A.example")


# --- many days ---


@given(st.data())
@hypothesis_settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_after_any_run_of_troubles_the_lake_equals_the_truth_up_to_the_watermark(exporter, api, data):
    """Daily runs with random failures and skipped days; then the troubles end, and nothing is missing or wrong."""
    name = f"https://b.example/{data.draw(st.integers(0, 10**9))}/"
    api.truth[name] = api.truth[B]
    search_console = configure(name, trailing_days=14)
    run_on = data.draw(st.lists(st.integers(12, 29), min_size=2, max_size=5, unique=True).map(sorted))
    for day in [*run_on, 30]:
        now = datetime(2026, 3, day, 12, tzinfo=UTC)
        at(now)
        api.first_incomplete = date(2026, 3, day) - timedelta(days=data.draw(st.integers(1, 3)))
        troubled = data.draw(st.lists(st.integers(1, 29), max_size=3)) if day != 30 else []
        api.faults = {(name, date(2026, 3, bad)): BACKEND for bad in troubled}
        summary = run(exporter, search_console, as_of=now)[name]
        assert set(summary.missing) <= set(march(*troubled))
    newest = api.first_incomplete - timedelta(days=1)
    expected = {
        day: sum(seen for _, seen in api.truth[name].get(day, {}).values())
        for day in DaySpan.inclusive(max(date(2026, 3, 2), newest - timedelta(days=13)), newest)
    }
    found = impressions(exporter, name)
    assert {day: found.get(day) for day in expected} == expected
    rows = {r["date"]: r["impressions"] for r in exporter.lake.read(SEARCH_PAGES).to_pylist() if r["property"] == name}
    assert rows == {day: seen for day, seen in found.items() if seen}
    assert exporter.lake.rows(SEARCH_QUERIES) == exporter.lake.rows(SEARCH_PAGES)
