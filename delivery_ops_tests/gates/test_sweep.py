"""At stake: the ledger says what the gates found, once; and what failed is held until it passes.

A real site on loopback, a real ledger, the real suites.
"""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from delivery_ops import clock
from delivery_ops.database.roles import Role
from delivery_ops.errors import Transient
from delivery_ops.gates.results import holds
from delivery_ops.gates.sweep import SweepResult, sweep
from delivery_ops_tests.gates.operating import BOTH, DAY_END, HELD, NOON, SITE, SITES, Operation, good, tomorrow


def test_every_page_is_judged_and_one_that_fails_stops_no_other(operation: Operation) -> None:
    operation.publish("d-good", "/good")
    operation.publish("d-bad", "/bad", html="<p>x")
    operation.publish("d-gone", "/gone", status=404)
    operation.publish("d-down", "/down", status=503)
    done = operation.sweep()
    assert (len(done.standing.pages), len(done.judged)) == (4, 4)
    assert done.outcomes == {gate: Counter({"pass": 1, "fail": 2, "error": 1}) for gate in BOTH}
    assert sorted(done.held) == [(d, g) for d in ("d-bad", "d-gone") for g in BOTH]
    assert done.appended == {"kept": 12}
    assert sorted(operation.events(*HELD)) == [("deliverable.held", *one) for one in sorted(done.held)]


def test_the_event_says_what_was_found_and_the_hold_names_its_cause(operation: Operation) -> None:
    operation.publish("d-1", "/bad", html="<html lang=en><title>T</title><p>x")
    operation.sweep(modes={"seoTagsPresent": "enforce"})
    evaluated, held = operation.ledger.of_deliverable("d-1")[-2:]
    assert evaluated.payload.items() >= {
        "gate": "seoTagsPresent",
        "url": f"{SITE}/bad",
        "outcome": "fail",
        "mode": "enforce",
        "verdict": "fail",
        "cause": "sweep",
        "rules_version": "3",
    }.items()  # fmt: skip
    assert [finding["code"] for finding in evaluated.payload["findings"]] == [
        "description_missing",
        "h1_missing",
        "canonical_missing",
    ]
    assert evaluated.payload["evidence"]["title"] == "T"
    assert (evaluated.timestamp, evaluated.client_id, evaluated.actor_role) == (NOON, "acme", "system")
    assert (held.event_type, held.causation_id, held.payload) == (
        "deliverable.held",
        evaluated.event_id,
        {"gate": "seoTagsPresent"},
    )


def test_a_second_sweep_at_the_same_instant_adds_nothing(operation: Operation) -> None:
    operation.publish("d-1", "/good")
    operation.publish("d-2", "/down", status=503)
    operation.sweep()
    before = operation.ledger.head()
    again = operation.sweep()
    assert [page.page.deliverable_id for page in again.judged] == ["d-2"]
    assert again.appended == {"duplicate": 2}
    assert operation.ledger.head() == before


def test_a_page_that_could_not_be_measured_is_looked_at_by_every_sweep_until_it_can(operation: Operation) -> None:
    operation.publish("d-1", "/down", status=503)
    operation.publish("d-2", "/good")
    operation.sweep()
    for hours in (1, 2):
        clock.read_from(lambda hours=hours: NOON + timedelta(hours=hours))
        done = operation.sweep()
        assert done.outcomes == {gate: Counter({"error": 1}) for gate in BOTH}
        assert done.appended == {"kept": 2}
        assert [one.outcome for one in done.standing.results(["schemaCheck"])] == ["error", "pass"]
    operation.site["/down"] = (200, good("/down"))
    clock.read_from(lambda: NOON + timedelta(hours=3))
    assert operation.sweep().outcomes == {gate: Counter({"pass": 1}) for gate in BOTH}
    assert operation.sweep().judged == ()


def test_of_two_sweeps_at_once_one_waits_and_finds_nothing_due(operation: Operation) -> None:
    operation.publish("d-1", "/bad", html="<p>x")
    both_are_there = threading.Barrier(2)
    instants = itertools.count()
    clock.read_from(lambda: NOON + timedelta(seconds=next(instants)))  # so that a second look would be a second event

    def one() -> SweepResult:
        both_are_there.wait(10)
        return operation.sweep()

    with ThreadPoolExecutor(2) as threads:
        results = [future.result() for future in [threads.submit(one), threads.submit(one)]]
    assert sorted(len(result.judged) for result in results) == [0, 1]
    assert sorted(operation.events("gate.evaluated", *HELD)) == sorted(
        (event_type, "d-1", gate) for event_type in ("gate.evaluated", "deliverable.held") for gate in BOTH
    )


def test_a_sweep_that_fails_lets_the_next_one_sweep(operation: Operation) -> None:
    operation.publish("d-1", "/good")

    def no_catching_up() -> None:
        raise Transient("catching up", subject="a fold", cause="the disk is full", remedy="Make room.")

    with pytest.raises(Transient):
        sweep(
            operation.ledger,
            operation.database.engine(Role.reader),
            operation.fetcher,
            sites=SITES,
            modes={},
            day_end=DAY_END,
            catch_up=no_catching_up,
        )
    assert len(operation.sweep().judged) == 1


def test_a_page_of_no_configured_site_is_counted_and_not_fetched(operation: Operation) -> None:
    operation.publish("d-1", "/a", html="<p>")
    stranger = f"http://127.0.0.1:{operation.httpserver.port}/a"
    operation.append("page.published", "d-1", at=NOON - timedelta(days=1), url=stranger)
    done = operation.sweep()
    assert [page.page.url for page in done.judged] == [f"{SITE}/a"]
    assert {host: [page.url for page in pages] for host, pages in done.standing.elsewhere.items()} == {
        "127.0.0.1": [stranger]
    }
    assert len(operation.httpserver.log) == 1
    operation.site["/a"] = (200, good("/a"))
    assert len(operation.sweep(day_end=tomorrow()).released) == 2  # what nobody judges holds nobody up


def test_a_page_is_held_until_it_passes(operation: Operation) -> None:
    operation.publish("d-1", "/a", html=good("/a").replace("<h1>T</h1>", ""))
    assert operation.sweep().held == (("d-1", "seoTagsPresent"),)
    operation.site["/a"] = (503, "")
    assert operation.sweep(day_end=tomorrow(1)).released == ()
    operation.site["/a"] = (200, "<p>")
    assert operation.sweep(day_end=tomorrow(2)).held == (("d-1", "schemaCheck"),)
    operation.site["/a"] = (200, good("/a"))
    assert operation.sweep(day_end=tomorrow(3)).released == (("d-1", "schemaCheck"), ("d-1", "seoTagsPresent"))
    with operation.database.engine(Role.reader).connect() as connection:
        assert holds(connection) == set()
    assert [one[0] for one in operation.events(*HELD)] == ["deliverable.held"] * 2 + ["deliverable.released"] * 2


def test_a_changed_page_is_judged_again_the_same_day(operation: Operation) -> None:
    operation.publish("d-1", "/a", html="<p>")
    operation.sweep()
    clock.read_from(lambda: NOON + timedelta(hours=2))
    operation.site["/a"] = (200, good("/a"))
    operation.append("page.updated", "d-1", at=NOON + timedelta(hours=1), url=f"{SITE}/a")
    assert len(operation.sweep().released) == 2


def test_a_gate_on_watch_holds_nothing(operation: Operation) -> None:
    operation.publish("d-1", "/a", html="<p>")
    done = operation.sweep(modes={"schemaCheck": "monitor", "seoTagsPresent": "enforce"})
    assert done.held == (("d-1", "seoTagsPresent"),)
    assert done.outcomes["schemaCheck"] == {"fail": 1}


def test_a_deliverable_with_two_pages_is_released_when_both_pass(operation: Operation) -> None:
    operation.publish("d-1", "/a")
    operation.publish("d-1", "/b", html="<p>")
    assert len(operation.sweep().held) == 2
    clock.read_from(lambda: NOON + timedelta(hours=2))
    operation.append("page.updated", "d-1", at=NOON + timedelta(hours=1), url=f"{SITE}/a")
    again = operation.sweep()
    assert [page.page.url for page in again.judged] == [f"{SITE}/a"]
    assert again.released == ()
    operation.site["/b"] = (200, good("/b"))
    assert len(operation.sweep(day_end=tomorrow()).released) == 2


def test_a_page_taken_down_is_not_judged(operation: Operation) -> None:
    operation.publish("d-1", "/a")
    operation.append("page.unpublished", "d-1", at=NOON - timedelta(days=1), url=f"{SITE}/a")
    done = operation.sweep()
    assert (done.standing.pages, done.judged) == ([], ())


def test_pages_are_told_one_by_one_and_judged_in_chunks(operation: Operation, monkeypatch: pytest.MonkeyPatch) -> None:
    from delivery_ops import progress
    from delivery_ops.gates import sweep as sweeping

    monkeypatch.setattr(sweeping, "CHUNK", 2)
    for at in range(5):
        operation.publish(f"d-{at}", f"/{at}")
    told: list[tuple[int, int]] = []

    class Listener:
        def started(self, stage: str) -> Callable[[int, int], None]:
            assert stage == "Judging pages"
            return lambda done, total: told.append((done, total))

        def ended(self, stage: str) -> None:
            pass

    with progress.heard_by(Listener()):
        done = operation.sweep(modes={"schemaCheck": "enforce"})
    assert told == [(at, 5) for at in range(1, 6)]
    assert [page.page.deliverable_id for page in done.judged] == [f"d-{at}" for at in range(5)]
    assert done.appended == {"kept": 5}
