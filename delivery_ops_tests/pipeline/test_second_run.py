"""At stake: doing everything again changes nothing and says so, and a date in the past judges as of its own end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from delivery_ops.demo import NOW
from delivery_ops.simulator import planted
from delivery_ops.simulator.truth import Truth
from delivery_ops_tests.pipeline import expected
from delivery_ops_tests.pipeline.conftest import DemoRuns
from delivery_ops_tests.pipeline.operated import Rows, Seen

FOLDS = ("deliverable", "deliverable_url", "stage_move", "source_load", "gate_result", "hold", "search_export")


def without_run(seen: Seen) -> dict[str, Rows]:
    """The published marts; only ``run`` may tell one publication from the next."""
    return {name: sorted(rows, key=repr) for name, rows in seen.analytics.items() if name != "run"}


def without_as_of(seen: Seen) -> dict[str, Rows]:
    """What the published marts say whatever the date of the run."""
    marts = without_run(seen)
    del marts["attribution_mismatch"]
    deliverables = [row | {"seconds_in_stage": None} for row in marts["dim_deliverables"]]
    return marts | {"dim_deliverables": sorted(deliverables, key=repr)}


def seconds_between(start: datetime, end: datetime) -> int | None:
    """None where it begins after the end."""
    return (end - start) // timedelta(seconds=1) if start <= end else None


def test_the_demo_run_again_changes_nothing_and_says_so(demo: DemoRuns) -> None:
    assert demo.first.document["run"]["changed"] is True
    assert demo.again.document["run"]["changed"] is False
    assert demo.again.exit_code == 0


def test_the_demo_run_again_appends_no_event_and_leaves_every_file_of_the_lake_as_it_was(demo: DemoRuns) -> None:
    assert demo.again.head == demo.first.head
    assert demo.again.lake == demo.first.lake
    assert demo.again.exported == demo.first.exported
    assert {name: demo.again.ops[name] for name in FOLDS} == {name: demo.first.ops[name] for name in FOLDS}


def test_the_demo_run_again_publishes_equal_marts_as_a_new_version(demo: DemoRuns) -> None:
    assert without_run(demo.again) == without_run(demo.first)
    [before], [after] = demo.first.analytics["run"], demo.again.analytics["run"]
    assert after["version"] == before["version"] + 1
    assert after["as_of"] == before["as_of"]
    assert after["run_id"] == demo.again.document["run"]["run_id"] != before["run_id"]


def test_every_event_that_comes_again_is_counted_and_refused_for_the_same_reasons(demo: DemoRuns, truth: Truth) -> None:
    feed = truth.feed
    assert demo.again.balances["events", "ledger"] == {
        "incoming": feed.received,
        "kept": 0,
        "duplicate": feed.duplicate + feed.kept,
        "conflict": feed.conflict,
        "rejected": feed.rejected,
    }
    assert set(demo.past.balances["events", "ledger"].values()) == {0}  # nothing arrived before the run after it
    named = ("source", "body_sha256", "code")
    assert demo.again.table("rejected", *named).keys() == demo.first.table("rejected", *named).keys()


def test_a_run_for_a_past_date_finds_everything_there_and_judges_what_had_matured_by_its_end(
    demo: DemoRuns, truth: Truth
) -> None:
    past = demo.past
    assert (past.exit_code, past.document["run"]["as_of"]) == (0, "2026-03-12")
    assert past.document["run"]["changed"] is False
    assert (past.head, past.lake) == (demo.again.head, demo.again.lake)
    [run] = past.analytics["run"]
    assert run["as_of"] == datetime(2026, 3, 12, 23, tzinfo=UTC)  # midnight in Berlin, still in winter time
    told = expected.judged_for_mismatch(truth, NOW, run["as_of"])
    rows = past.mart("attribution_mismatch", "deliverable_id")
    assert {name: {column: row[column] for column in told[name]} for name, row in rows.items()} == told
    assert planted.MISMATCH not in told
    assert told
    in_stage = {row["stage_since"]: row["seconds_in_stage"] for row in past.analytics["dim_deliverables"]}
    assert in_stage == {since: seconds_between(since, run["as_of"]) for since in in_stage}
    assert len(set(in_stage.values())) > 1  # both kinds are there
    assert without_as_of(past) == without_as_of(demo.first)
