"""At stake: the demo finds everything that was planted in the agency's four weeks, to the cent, and nothing else.

Marts are read as an analyst reads them. The truth is computed by other means than the product's.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from typing import Any

import pytest

from delivery_ops.demo import NOW
from delivery_ops.simulator import planted
from delivery_ops.simulator.truth import Truth
from delivery_ops_tests.pipeline import expected
from delivery_ops_tests.pipeline.operated import Seen

END_OF_DATE = datetime(2026, 3, 30, 22, tzinfo=UTC)  # midnight in Berlin


@pytest.fixture
def seen(demo: Any) -> Seen:
    """The demo after its first run."""
    first: Seen = demo.first
    return first


def test_nothing_failed_that_was_not_a_page_and_nothing_is_said_to_be_missing(seen: Seen) -> None:
    assert seen.exit_code == 0
    assert seen.document["failed_checks"] == []
    assert seen.document["run"]["failures"] == []
    assert seen.document["run"]["skipped"] == []
    assert seen.document["run"]["changed"] is True


# The feed and the files.


def test_the_feed_balances_as_planted(seen: Seen, truth: Truth) -> None:
    assert seen.balances["events", "ledger"] == {
        "incoming": truth.feed.received,
        "kept": truth.feed.kept,
        "duplicate": truth.feed.duplicate,
        "conflict": truth.feed.conflict,
        "rejected": truth.feed.rejected,
    }


def test_every_file_balances_as_planted(seen: Seen, truth: Truth) -> None:
    files = {subject: balance for (kind, subject), balance in seen.balances.items() if kind == "file"}
    assert files == {
        expected.SOURCES[name]: {
            "incoming": balance.received,
            "kept": balance.kept,
            "duplicate": balance.duplicate,
            "rejected": balance.rejected,
        }
        for name, balance in truth.files.items()
    }


def test_what_is_refused_is_stored_with_its_reason_and_nothing_else_is(seen: Seen, truth: Truth) -> None:
    events, rows = {}, {}
    for refused in seen.ops["rejected"]:
        body = refused["body"].decode()
        if refused["origin"].startswith("events.ndjson"):
            events[refused["source"], json.loads(body)["idempotency_key"]] = refused["code"]
        else:
            rows[refused["source"], body] = refused["code"]
    assert events == {key: expected.REFUSED_EVENT_CODES[wrong] for key, wrong in truth.rejected_events.items()}
    assert rows == expected.refused_rows()
    assert all(refused["reason"] for refused in seen.ops["rejected"])


def test_the_ledger_holds_every_event_of_the_feed_once(seen: Seen, truth: Truth) -> None:
    fed = {source for source, _ in expected.kept_feed(truth)}
    said_by_the_system = {"deliverable.registered", "source.loaded"}  # under the name of who caused them
    found = {
        key: (event["event_type"], event["deliverable_id"], event["occurred_at"])
        for key, event in seen.mart("fct_events", "source", "idempotency_key").items()
        if key[0] in fed and event["event_type"] not in said_by_the_system
    }
    assert found == expected.kept_feed(truth)


def test_the_system_says_of_itself_what_it_did_and_no_more(seen: Seen, truth: Truth) -> None:
    assert Counter(event["event_type"] for event in seen.analytics["fct_events"]) == expected.events_by_type(truth, NOW)


def test_a_conflict_keeps_the_first_and_names_both(seen: Seen, truth: Truth) -> None:
    [conflict] = [event for event in seen.analytics["fct_events"] if event["event_type"] == "ingest.conflict"]
    kept = seen.mart("fct_events", "event_id")[conflict["payload"]["kept_event_id"]]
    assert (kept["source"], kept["idempotency_key"]) == ("cms", f"{planted.REWRITTEN}/page.published/1")
    assert conflict["payload"]["kept_digest"] == kept["body_sha256"] != conflict["payload"]["refused_digest"]
    [url] = [one.url for one in truth.agency.deliverables if one.deliverable_id == planted.REWRITTEN]
    assert kept["payload"]["url"] == url


# Deliverables and their gates.


def test_every_deliverable_is_registered_as_what_it_is(seen: Seen, truth: Truth) -> None:
    tiers = {client.client_id: client.tier for client in truth.agency.clients}
    found = {
        name: (row["client_id"], row["tier"], row["deliverable_type"], row["url"], row["published_at"])
        for name, row in seen.mart("dim_deliverables", "deliverable_id").items()
    }
    assert found == {
        one.deliverable_id: (one.client_id, tiers[one.client_id], one.type, one.url, expected.published_at(one))
        for one in truth.agency.deliverables
    }


def test_every_deliverable_stands_in_its_stage(seen: Seen, truth: Truth) -> None:
    found = {name: row["stage"] for name, row in seen.mart("dim_deliverables", "deliverable_id").items()}
    assert found == truth.stages_after_run(NOW)


def test_the_illegal_moves_are_the_planted_ones(seen: Seen, truth: Truth) -> None:
    told = {name: row["illegal_moves"] for name, row in seen.mart("dim_deliverables", "deliverable_id").items()}
    assert {name: count for name, count in told.items() if count} == truth.illegal_moves
    moves = Counter(move["deliverable_id"] for move in seen.ops["stage_move"] if move["illegal"])
    assert moves == truth.illegal_moves


def test_each_gate_measures_each_page_that_is_up_once(seen: Seen, truth: Truth) -> None:
    results = seen.mart("fct_gate_results", "deliverable_id", "gate")
    assert {key: row["outcome"] for key, row in results.items()} == truth.outcomes
    assert {(row["mode"], row["cause"], row["is_standing"]) for row in results.values()} == {("enforce", "sweep", True)}
    assert all(row["verdict"] == row["outcome"] for row in results.values())


def test_each_defect_is_found_by_its_name_and_a_good_page_has_no_finding(seen: Seen, truth: Truth) -> None:
    results = seen.mart("fct_gate_results", "deliverable_id", "gate")
    found = {key: row["finding_codes"] for key, row in results.items() if row["finding_codes"]}
    assert found == expected.finding_codes(truth)
    assert {key: ",".join(sorted({f["code"] for f in row["findings"]})) for key, row in results.items()} == {
        key: found.get(key, "") for key in results
    }


def test_what_failed_is_held_by_that_gate_and_nothing_else_is(seen: Seen, truth: Truth) -> None:
    assert seen.table("hold", "deliverable_id", "gate").keys() == truth.defects.keys()
    held = {name for name, row in seen.mart("dim_deliverables", "deliverable_id").items() if row["is_held"]}
    assert held == {name for name, _ in truth.defects}


def test_the_report_names_everything_that_failed_and_what_was_never_met(seen: Seen, truth: Truth) -> None:
    for name in {name for name, outcome in truth.outcomes.items() if outcome != "pass"}:
        assert name[0] in seen.page
    assert all(name in seen.page for name in truth.mismatches)


# Money.


def test_every_conversion_has_the_revenue_of_its_rows(seen: Seen, truth: Truth) -> None:
    found = seen.mart("fct_revenue", "conversion_id", "currency")
    assert {key: row["amount_minor"] for key, row in found.items()} == expected.revenue(truth)


def test_every_touch_gets_its_credit_under_every_model_to_the_minor_unit(seen: Seen, truth: Truth) -> None:
    rows = seen.mart("fct_attribution_credit", "conversion_id", "currency", "model", "touch_id")
    found = {key: (row["deliverable_id"], row["reason"], row["credit_minor"]) for key, row in rows.items()}
    assert found == expected.credit(truth)


def test_what_nobody_gets_is_told_by_its_reason(seen: Seen, truth: Truth) -> None:
    found = {
        (row["model"], row["currency"], row["went_to"]): row["credit_minor"]
        for row in seen.analytics["credit_split"]
        if row["is_unattributed"]
    }
    unattributed: defaultdict[tuple[str, str, str], int] = defaultdict(int)
    for credit in truth.credits:
        if credit.reason:
            unattributed[credit.model, credit.currency, credit.reason] += credit.credit_minor
    assert found == unattributed
    assert {reason for _, _, reason in found} == {"no_identity", "no_touch", "no_touch_in_window"}


# What each deliverable did.


def test_every_deliverable_performed_as_its_records_say(seen: Seen, truth: Truth) -> None:
    rows = seen.mart("deliverable_performance", "deliverable_id")
    told = expected.performance(truth, NOW)
    assert {name: {column: row[column] for column in told[name]} for name, row in rows.items()} == told


def test_seen_and_never_met_is_exactly_the_planted_deliverable(seen: Seen, truth: Truth) -> None:
    rows = seen.mart("attribution_mismatch", "deliverable_id")
    told = expected.judged_for_mismatch(truth, NOW, END_OF_DATE)
    assert {name: {column: row[column] for column in told[name]} for name, row in rows.items()} == told
    assert {name for name, row in rows.items() if row["is_mismatch"]} == set(truth.mismatches)
    assert [one["deliverable_id"] for one in seen.document["mismatch"]["deliverables"]] == list(truth.mismatches)


# Search.


def test_every_complete_day_is_exported_with_its_counts_and_the_others_are_known_to_be_incomplete(
    seen: Seen, truth: Truth
) -> None:
    complete = expected.search_log(truth, expected.complete_days(truth, NOW))
    log = seen.table("search_export", "property", "date")
    columns = ("status", "rows", "matched", "unmatched", "clicks", "impressions")
    nothing = dict.fromkeys(columns) | {"status": "incomplete"}
    ended = {
        (client.search_property, date(2026, 3, number)) for client in truth.agency.clients for number in range(2, 30)
    }
    assert {key: {column: row[column] for column in columns} for key, row in log.items()} == {
        key: complete.get(key, nothing) for key in ended
    }
    assert {day for _, day in ended - complete.keys()} == {date(2026, 3, 27), date(2026, 3, 28), date(2026, 3, 29)}


def test_a_day_without_any_search_is_known_as_such(seen: Seen, truth: Truth) -> None:
    [zero_property] = [c.search_property for c in truth.agency.clients if c.client_id == planted.ZERO_DAY[0]]
    zero = (zero_property, planted.ZERO_DAY[1])
    assert {key for key, row in seen.table("search_export", "property", "date").items() if row["status"] == "zero"} == {
        zero
    }
    day = seen.mart("search_daily", "property", "search_date")[zero]
    assert (day["clicks"], day["impressions"], day["page_rows"]) == (0, 0, 0)
    assert zero in seen.exported


def test_dagster_shows_the_complete_days_as_materialized_and_no_other(seen: Seen, truth: Truth) -> None:
    assert seen.exported == expected.complete_days(truth, NOW)


def test_every_row_of_search_is_in_the_mart_with_its_owner_or_without(seen: Seen, truth: Truth) -> None:
    rows = seen.mart("fct_search_performance", "property", "search_date", "page")
    found = {key: (row["deliverable_id"], row["clicks"], row["impressions"]) for key, row in rows.items()}
    assert found == expected.search_pages(truth, expected.complete_days(truth, NOW))


def test_search_balances_property_by_property(seen: Seen, truth: Truth) -> None:
    told: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for (property_, _), day in expected.search_log(truth, expected.complete_days(truth, NOW)).items():
        told[property_].update(incoming=day["rows"], matched=day["matched"], unmatched=day["unmatched"])
    assert {subject: balance for (kind, subject), balance in seen.balances.items() if kind == "search"} == told
