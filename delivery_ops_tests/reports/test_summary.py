"""The end of a run: one screen that never scrolls, cuts no figure and cannot be steered; one document for programs."""

from __future__ import annotations

import io
import json
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from delivery_ops.reports import summary
from delivery_ops.reports.data import Balance, Failure, ReportData
from delivery_ops.reports.marts import GateTally, Revenue
from delivery_ops.reports.summary import Places

PLACES = Places(
    report=Path("/srv/operations/harbour-agency/state/reports/2026-03-30/report.html"),
    lineage="delivery-ops up, then http://127.0.0.1:3000",
    rejected="delivery-ops rejected --config /srv/operations/harbour-agency",
    query='psql "$(delivery-ops db url --role analyst)" -c "select * from analytics.deliverable_performance"',
)
OPERATIONS = ["ordinary", "empty", "several_currencies", "hostile"]


def shown(data: ReportData, *, width: int = 100, colours: bool = False) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=colours, highlight=False, soft_wrap=True)
    console.print(summary.screen(data, PLACES))
    return out.getvalue()


def lines_of(data: ReportData) -> list[str]:
    return [line.rstrip() for line in shown(data).splitlines()]


@pytest.fixture
def crowded(hostile: ReportData) -> ReportData:
    """As much of everything as there can be."""
    run = replace(
        hostile.run,
        changed=False,
        retired=("touches: crm: it is no longer configured; its rows were taken away",) * 3,
        balances=(
            Balance(kind="events", subject="e" * 150, incoming=1, outcomes={"rejected": 9}),
            *hostile.run.balances,
        ),
    )
    gates = tuple(GateTally(gate=f"gate{number}", passed=1, failed=1, monitored=1, errored=1) for number in range(9))
    currencies = ("EUR", "USD", "GBP", "CHF")
    return replace(
        hostile,
        run=run,
        gates=gates,
        revenue=tuple(
            Revenue(currency=code, amount_minor=1, volume_minor=1, conversions=1, credited_deliverables=1)
            for code in currencies
        ),
        top_deliverables=tuple(
            replace(row, currency=code) for code in currencies for row in hostile.top_deliverables[:9]
        ),
    )


@pytest.fixture
def full(crowded: ReportData) -> ReportData:
    """As many gates and currencies as find room."""
    return replace(crowded, gates=crowded.gates[:4], revenue=crowded.revenue[:3])


@pytest.mark.parametrize("operation", [*OPERATIONS, "crowded", "full"])
def test_it_is_one_screen(operation: str, request: pytest.FixtureRequest) -> None:
    *lines, rejected, report, lineage, query = lines_of(request.getfixturevalue(operation))
    assert max(map(len, lines)) <= 100
    assert len(lines) + sum(math.ceil(len(place) / 100) for place in (rejected, report, lineage, query)) <= 40


@pytest.mark.parametrize("operation", OPERATIONS)
def test_where_to_go_on_can_be_copied(operation: str, request: pytest.FixtureRequest) -> None:
    assert lines_of(request.getfixturevalue(operation))[-3:] == [
        f"Report   {PLACES.report}",
        f"Lineage  {PLACES.lineage}",
        f"Query    {PLACES.query}",
    ]


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_pipe_or_a_narrow_terminal_loses_nothing(width: int, ordinary: ReportData) -> None:
    assert shown(ordinary, width=width) == shown(ordinary)


def test_no_text_steers_the_terminal(hostile: ReportData) -> None:
    without_styles = re.sub(r"\x1b\[[0-9;]*m", "", shown(hostile, colours=True))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", without_styles)
    assert "<script>" in without_styles  # shown, not run through rich's own markup
    assert "[31m" in without_styles


def test_a_text_of_many_lines_or_wide_characters_stays_in_its_columns(empty: ReportData) -> None:
    causes = ("first\nsecond\tthird", "株式" * 100)
    failures = tuple(Failure(what="reading", subject="a file", cause=cause, remedy="no") for cause in causes)
    lines = lines_of(replace(empty, run=replace(empty.run, failures=failures)))
    assert lines[2] == "  reading a file: first second third"
    assert "株式" in lines[3] + lines[4]
    assert max(map(cell_len, lines[:-3])) <= 100


def test_a_failure_is_told_whole_over_several_lines(ordinary: ReportData) -> None:
    cause = "403 insufficientPermission: " + "User does not have sufficient permission for site. " * 3 + "The end."
    failure = replace(ordinary.run.failures[0], cause=cause)
    told = " ".join(shown(replace(ordinary, run=replace(ordinary.run, failures=(failure,)))).split())
    assert f"{failure.what} {failure.subject}: {cause}" in told


def test_an_ordinary_day_is_told_in_figures(ordinary: ReportData) -> None:
    lines = lines_of(ordinary)
    assert lines[0] == "harbour-agency: run for 30 Mar 2026, made at 30 Mar 2026, 14:00 CEST in 38.4 s"
    assert lines[1] == "✕ 2 things could not be measured or exported: the report says what to do"
    assert "  Not done: No cost source is configured: deliverables have no cost." in lines
    for row in (
        "events 412 in = 408 kept + 1 duplicate + 1 in conflict + 2 rejected ✓ adds up",
        "search rows 1,744 in = 1,701 matched + 43 unmatched ✓ adds up",
        "file rows 379 in = 376 kept + 2 duplicate + 1 rejected ✓ adds up",
        "schemaCheck 33 4 0 1",
        "seoTagsPresent 32 0 5 1",
        "whitepaper-cold-chain pass 5,292 3 EUR 24,000.10 21,000.00 22,500.07",
        "Rejected, and kept with the reason: 2 of simulator, 1 of crm_touches",
        "Unattributed: EUR 26,351.99 (14.1 %) of EUR 187,345.01 revenue",
        "Seen in search, met by nobody: 2 of 29 deliverables (6.9 %)",
    ):
        assert row in [" ".join(line.split()) for line in lines]


def test_no_amount_is_cut(hostile: ReportData) -> None:
    assert "450,000,000,000.00" in shown(hostile)


def test_each_currency_has_its_first_deliverables_and_its_share(several_currencies: ReportData) -> None:
    lines = [" ".join(line.split()) for line in lines_of(several_currencies)]
    assert "guide pass 300 3 JPY 1,500,000 1,500,000 1,500,000" in lines
    assert "pricing pass 588 3 EUR -100.00 -50.00 -75.00".replace(" -", " \N{MINUS SIGN}") in lines
    assert "Unattributed: JPY 0 (0 %) of JPY 1,500,000 revenue" in lines
    assert "and 2 more currencies, which the report has" in lines


def test_a_run_that_met_nothing_new_says_so_unless_nothing_went_in(
    several_currencies: ReportData, ordinary: ReportData, empty: ReportData
) -> None:
    assert "Nothing new: all that this run met was there before." in shown(several_currencies)
    assert "Nothing new" not in shown(ordinary)
    assert "Nothing new" not in shown(replace(empty, run=replace(empty.run, changed=False)))


def test_a_balance_that_does_not_add_up_is_told_and_does_not_cancel_out(empty: ReportData) -> None:
    balances = (
        Balance(kind="file", subject="a", incoming=3, outcomes={"kept": 1}),
        Balance(kind="file", subject="b", incoming=1, outcomes={"kept": 3}),
    )
    assert "✕ 4 unaccounted" in shown(replace(empty, run=replace(empty.run, balances=balances)))


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_document_holds_the_records_and_their_ratios(operation: str, request: pytest.FixtureRequest) -> None:
    data: ReportData = request.getfixturevalue(operation)
    document = json.loads(json.dumps(summary.as_json(data)))
    assert document["run"]["as_of"] == "2026-03-30"
    assert document["run"]["started_at"] == "2026-03-30T12:00:00+00:00"
    assert document["balanced"] is not bool(data.run.unaccounted)
    assert document["mismatch_rate"] == data.mismatch.rate
    assert len(document["gate_failures"]) == len(data.gate_failures)
    assert [row["credit_minor"] for row in document["top_deliverables"]] == [
        row.credit_minor for row in data.top_deliverables
    ]
    shares = {(row["currency"], row["model"]): row["share"] for row in document["unattributed_share"]}
    for row in document["unattributed_share"]:
        assert row["share"] == (row["volume_minor"] / row["of_volume_minor"] if row["of_volume_minor"] else None)
    assert shares == {
        (revenue.currency, model): data.unattributed_share(revenue, model)
        for revenue in data.revenue
        for model in data.models
    }


@pytest.mark.parametrize(("operation", "said"), [("ordinary", True), ("empty", False)])
def test_how_to_see_what_was_rejected_can_be_copied(operation: str, said: bool, request: pytest.FixtureRequest) -> None:
    assert (f"Rejected {PLACES.rejected}" in lines_of(request.getfixturevalue(operation))) is said


def test_what_was_taken_away_and_what_was_not_done_is_told_whole(empty: ReportData) -> None:
    kinds = ("touches", "deals", "revenue", "costs")
    retired = ("deals: crm: it is no longer configured; its rows were taken away",)
    data = replace(
        empty, run=replace(empty.run, retired=retired, skipped=tuple(f"{kind}: no source" for kind in kinds))
    )
    assert lines_of(data)[1:3] == [
        f"  Retired: {retired[0]}",
        "  Not done: touches: no source · deals: no source · revenue: no source · costs: no source",
    ]


def test_sentences_that_find_no_room_are_counted(empty: ReportData) -> None:
    skipped = tuple(f"{number}: {'nothing is configured ' * 3}" for number in range(9))
    told = " ".join(lines_of(replace(empty, run=replace(empty.run, skipped=skipped)))[1:5])
    assert told.count(": nothing is") == 4
    assert told.endswith("· and 5 more, which the report has")


def test_gates_and_currencies_that_find_no_room_are_counted(crowded: ReportData) -> None:
    lines = lines_of(crowded)
    assert "  and 6 more, which the report has" in lines
    assert "  and 2 more currencies, which the report has" in lines
    assert not [each for each in lines_of(replace(crowded, gates=crowded.gates[:4])) if "and 6 more" in each]


def test_a_refund_is_said_to_count_like_revenue(several_currencies: ReportData) -> None:
    data = replace(several_currencies, revenue=several_currencies.revenue[:3])
    lines = lines_of(data)
    assert "Unattributed: EUR 0.00 (0 %) of EUR 300.00 revenue + refunds" in lines
    assert "Unattributed: BHD 1,234.567 (100 %) of BHD 1,234.567 revenue" in lines


def test_where_nothing_came_in_there_is_no_equation(empty: ReportData) -> None:
    balance = Balance(kind="events", subject="ledger", incoming=0, outcomes={"kept": 0, "rejected": 0})
    lines = [" ".join(line.split()) for line in lines_of(replace(empty, run=replace(empty.run, balances=(balance,))))]
    assert "events none ✓ adds up" in lines


def test_what_was_rejected_is_told_with_every_source_whole(ordinary: ReportData) -> None:
    sources = ("crm-touches", "billing", "time-report", "ledger", "deals-of-the-north")
    balances = tuple(
        Balance(kind="file", subject=each, incoming=1, outcomes={"kept": 0, "rejected": 1}) for each in sources
    )
    told = " ".join(shown(replace(ordinary, run=replace(ordinary.run, balances=balances))).split())
    assert all(f"1 of {each}" in told for each in sources)
