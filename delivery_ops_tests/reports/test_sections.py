"""Sections: lists are grouped and cut, and every table of revenue adds up to all of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from delivery_ops.reports import sections
from delivery_ops.reports.data import Balance, ReportData


def test_balances_stand_in_the_order_of_the_pipeline_with_every_outcome_a_column(ordinary: ReportData) -> None:
    later = Balance(kind="events", subject="web", incoming=3, outcomes={"kept": 1, "quarantined": 2})
    tables = sections.balance_tables((*ordinary.run.balances, later))
    assert [table.title.split()[0] for table in tables] == ["Events", "Search", "Rows"]
    assert tables[0].outcomes == ("kept", "duplicate", "conflict", "rejected", "quarantined")
    assert sections.balance_tables(()) == []


def test_each_gate_has_its_failures_and_the_codes_that_several_share(ordinary: ReportData) -> None:
    schema, tags = sections.gate_groups(ordinary.gate_failures)
    assert (schema.gate, schema.total) == ("schemaCheck", 5)
    assert schema.frequent == ()  # required_property_missing stands twice on one page, which is one
    shared = [replace(row, findings=ordinary.gate_failures[0].findings) for row in ordinary.gate_failures[:3]]
    assert sections.gate_groups(tuple(shared))[0].frequent == (("jsonld_unparsable", 3),)
    assert tags.total == 3


def test_a_cut_list_still_knows_how_many_there_are(hostile: ReportData) -> None:
    (group,) = sections.gate_groups(hostile.gate_failures)
    assert (len(group.rows), group.total) == (sections.ROWS_SHOWN, 500)
    assert group.frequent[0][1] == 500
    assert len(sections.trends(hostile.search)) == sections.TRENDS_SHOWN


def test_a_currency_that_never_moved_has_no_section(several_currencies: ReportData) -> None:
    found = sections.currency_sections(several_currencies)
    assert [section.revenue.currency for section in found] == ["EUR", "JPY", "BHD", "USD"]
    assert {row.currency for section in found[:1] for row in section.top} == {"EUR"}


@pytest.mark.parametrize("operation", ["ordinary", "several_currencies", "hostile"])
def test_where_revenue_went_adds_up_to_all_of_it(operation: str, request: pytest.FixtureRequest) -> None:
    data: ReportData = request.getfixturevalue(operation)
    for section in sections.currency_sections(data):
        *parts, whole = section.split_rows
        for model in range(len(data.models)):
            places = [row.cells[model].amount_minor for row in parts if not row.is_sum]
            assert sum(places) == whole.cells[model].amount_minor == section.revenue.amount_minor
            assert whole.cells[model].share == 1
            shares = [row.cells[model].share or 0 for row in parts if not row.is_sum]
            assert sum(shares) == pytest.approx(1)


def test_the_sum_of_the_reasons_stands_before_what_is_carried(ordinary: ReportData) -> None:
    (section,) = sections.currency_sections(ordinary)
    assert [row.name for row in section.split_rows] == [
        "no touch at all",
        "touches outside the window",
        "nobody to match it with",
        "unattributed",
        "carried by deliverables",
        "touches of no deliverable",
        "all revenue",
    ]
    unattributed = section.split_rows[3].cells[0]
    assert unattributed.amount_minor == 901_122 + 1_404_077 + 330_000
    assert unattributed.share == ordinary.unattributed_share(section.revenue, "first")


def test_trends_have_their_days_in_order_the_most_seen_property_first(ordinary: ReportData) -> None:
    found = sections.trends(tuple(reversed(ordinary.search)))
    assert [trend.days[0].client_id for trend in found] == ["northwind", "bluewave", "harbour-hotels"]
    for trend in found:
        assert list(trend.days) == sorted(trend.days, key=lambda day: day.date)
        assert trend.click_rate == sum(day.clicks for day in trend.days) / sum(day.impressions for day in trend.days)
