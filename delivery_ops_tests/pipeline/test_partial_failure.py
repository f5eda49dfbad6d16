"""At stake: what fails stops nothing else, is named with its remedy, stays due, and is repaired by the next run.

On a bad day one Search Console property is forbidden and one over its quota, a site is silent, a file is missing and
another one is no table. The run is for a date in the past, so that it also shows where a date ends.
"""

from __future__ import annotations

import html
from collections import Counter
from datetime import date

import pytest

from delivery_ops.demo import NOW
from delivery_ops.search_console.failures import NotPermitted, QuotaExceeded
from delivery_ops.simulator.catalogue import PELLWORM
from delivery_ops.simulator.truth import GATES, Truth
from delivery_ops_tests.pipeline import expected
from delivery_ops_tests.pipeline.breaking import (
    BROKEN_DATE,
    FORBIDDEN,
    HEALED_NOW,
    MISSING,
    ON_SILENT_SITE,
    OVER_QUOTA,
    UNPARSABLE,
)
from delivery_ops_tests.pipeline.conftest import BrokenRuns
from delivery_ops_tests.pipeline.operated import Seen

ENDED = [date(2026, 3, number) for number in range(2, BROKEN_DATE.day)]  # the Pacific days over when the date ends


@pytest.fixture
def before(broken: BrokenRuns) -> Seen:
    return broken.before


@pytest.fixture
def after(broken: BrokenRuns) -> Seen:
    return broken.after


def test_each_failure_is_named_with_its_cause_and_its_remedy_and_nothing_else_is(
    before: Seen, broken: BrokenRuns
) -> None:
    failures = before.document["run"]["failures"]
    told = {(each["what"], each["subject"]): each for each in failures}
    [costs] = [key for key in told if key[0] == "File source (costs)"]
    [deals] = [key for key in told if key[0] == "File source (deals)"]
    properties = sorted(key[1].split(" ")[0] for key in told if key[0] == "Search Console property")
    assert len(failures) == len(told) == 5
    assert costs[1].endswith(MISSING)
    assert deals[1].endswith(UNPARSABLE)
    assert properties == sorted([FORBIDDEN, OVER_QUOTA])
    assert ("Site", broken.silent_site) in told
    assert all(each["cause"] and each["remedy"] for each in failures)


def test_the_run_goes_on_and_exits_1(before: Seen) -> None:
    assert before.exit_code == 1
    assert before.document["failed_checks"] == []
    assert before.document["run"]["as_of"] == str(BROKEN_DATE)
    [published] = before.analytics["run"]
    assert published["run_id"] == before.document["run"]["run_id"]


def test_the_report_says_of_each_failure_what_why_and_what_to_do(before: Seen) -> None:
    page = html.unescape(before.page)
    for failure in before.document["run"]["failures"]:
        assert all(failure[said] in page for said in ("what", "subject", "cause", "remedy"))


def test_a_property_that_fails_is_recorded_with_its_error_and_its_days_stay_missing(before: Seen) -> None:
    log = before.table("search_export", "property", "date")
    for property_, error in ((FORBIDDEN, NotPermitted), (OVER_QUOTA, QuotaExceeded)):
        days = {day: row for (name, day), row in log.items() if name == property_}
        assert sorted(days) == ENDED
        assert {(row["status"], row["error_class"]) for row in days.values()} == {("failed", error.__name__)}
        assert not [day for name, day in before.exported if name == property_]
    loads = [event["payload"] for event in before.analytics["fct_events"] if event["event_type"] == "source.loaded"]
    assert Counter(load["error_class"] for load in loads if load["error_class"]) == {
        "NotPermitted": 1,
        "QuotaExceeded": 1,
        "UnreadableFile": 2,
    }


def test_the_property_that_answers_is_exported_up_to_the_end_of_the_date(before: Seen, truth: Truth) -> None:
    days = {(PELLWORM.search_property, day) for day in ENDED}
    assert before.exported == days <= expected.complete_days(truth, NOW)
    rows = before.mart("fct_search_performance", "property", "search_date", "page")
    found = {key: (row["deliverable_id"], row["clicks"], row["impressions"]) for key, row in rows.items()}
    assert found == expected.search_pages(truth, days)


def test_a_silent_site_is_an_error_of_its_pages_and_of_no_others(before: Seen, truth: Truth) -> None:
    up = {
        one.deliverable_id
        for one in truth.agency.deliverables
        if one.published_at and one.published_at.date() <= BROKEN_DATE
    }
    results = before.mart("fct_gate_results", "deliverable_id", "gate")
    assert {key: row["outcome"] for key, row in results.items()} == {
        **{key: outcome for key, outcome in truth.outcomes.items() if key[0] in up},
        **{(ON_SILENT_SITE, gate): "error" for gate in GATES},
    }
    assert ON_SILENT_SITE not in {name for name, _ in before.table("hold", "deliverable_id", "gate")}


def test_the_rows_of_files_that_fail_are_missing_and_the_others_whole(before: Seen, truth: Truth) -> None:
    loads = before.table("source_load", "source")
    for name, balance in truth.files.items():
        load = loads[expected.SOURCES[name]]
        if name in {MISSING, UNPARSABLE}:
            assert (load["error_class"], load["rows"], load["digest"]) == ("UnreadableFile", 0, None)
        else:
            assert (load["error_class"], load["rows"], load["kept"]) == (None, balance.received, balance.kept)
    assert before.analytics["fct_costs"] == []
    assert len(before.analytics["fct_touches"]) == truth.files["touches.csv"].kept


def test_without_deals_all_revenue_is_there_and_attributed_to_nobody(before: Seen, truth: Truth) -> None:
    booked: Counter[str] = Counter()
    for row in truth.agency.revenue:
        booked[row.currency] += row.amount_minor
    kept: Counter[str] = Counter()
    for row in before.analytics["fct_revenue"]:
        assert row["conversion_kind"] == "revenue"
        kept[row["currency"]] += row["amount_minor"]
    assert kept == booked
    assert {row["went_to"] for row in before.analytics["credit_split"]} == {"no_identity"}


def test_the_next_run_repairs_all_of_it_and_exits_0(after: Seen) -> None:
    assert after.exit_code == 0
    assert after.document["run"]["failures"] == []
    assert after.document["run"]["as_of"] == "2026-03-31"
    assert after.document["run"]["changed"] is True


def test_the_next_run_exports_every_day_that_was_due(after: Seen, truth: Truth) -> None:
    days = expected.complete_days(truth, HEALED_NOW)
    assert after.exported == days
    rows = after.mart("fct_search_performance", "property", "search_date", "page")
    found = {key: (row["deliverable_id"], row["clicks"], row["impressions"]) for key, row in rows.items()}
    assert found == expected.search_pages(truth, days)


def test_the_next_run_judges_the_silent_sites_page_and_everything_else_again(after: Seen, truth: Truth) -> None:
    latest = {
        (row["deliverable_id"], row["gate"]): row["outcome"]
        for row in after.analytics["fct_gate_results"]
        if row["is_standing"]
    }
    assert latest == truth.outcomes | {(ON_SILENT_SITE, gate): "pass" for gate in GATES}
    assert after.table("hold", "deliverable_id", "gate").keys() == truth.defects.keys()


def test_the_next_run_loads_what_was_missing_and_the_trail_keeps_both_loads(after: Seen, truth: Truth) -> None:
    loads = after.table("source_load", "source")
    assert {source: (load["error_class"], load["kept"]) for source, load in loads.items()} == {
        expected.SOURCES[name]: (None, balance.kept) for name, balance in truth.files.items()
    }
    told = [event["payload"] for event in after.analytics["fct_events"] if event["event_type"] == "source.loaded"]
    for name in (MISSING, UNPARSABLE):
        of_source = [load["error_class"] for load in told if load["source"] == expected.SOURCES[name]]
        assert sorted(of_source, key=str) == [None, "UnreadableFile"]


def test_the_next_run_gives_every_credit_and_figure_as_if_nothing_had_happened(after: Seen, truth: Truth) -> None:
    rows = after.mart("fct_attribution_credit", "conversion_id", "currency", "model", "touch_id")
    found = {key: (row["deliverable_id"], row["reason"], row["credit_minor"]) for key, row in rows.items()}
    assert found == expected.credit(truth)
    performance = after.mart("deliverable_performance", "deliverable_id")
    told = expected.performance(truth, HEALED_NOW)
    assert performance.keys() - told.keys() == {ON_SILENT_SITE}
    assert {name: {column: performance[name][column] for column in row} for name, row in told.items()} == told
