"""At stake: the ledger says what the gates found, once; and what failed is held until it passes.

A real site on loopback, a real ledger, the real suites.
"""

from __future__ import annotations

import itertools
import json
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from sqlalchemy import text

from delivery_ops import clock
from delivery_ops.contracts.envelope import EventDraft
from delivery_ops.database.database import Database
from delivery_ops.database.roles import Role
from delivery_ops.deliverables.fold import DELIVERABLES
from delivery_ops.deliverables.pages import published_pages
from delivery_ops.errors import Transient
from delivery_ops.gates.fetch import PageFetcher
from delivery_ops.gates.fold import GATES
from delivery_ops.gates.results import holds, latest_by_page
from delivery_ops.gates.sweep import SweepResult, sweep
from delivery_ops.lake import datasets
from delivery_ops.lake.export import export
from delivery_ops.lake.lake import Lake
from delivery_ops.ledger.consume import catch_up, rebuild
from delivery_ops.ledger.ledger import Ledger
from delivery_ops.settings import Site

NOON = datetime(2026, 3, 30, 12, tzinfo=UTC)
DAY_END = datetime(2026, 3, 30, 22, tzinfo=UTC)
SITE = "http://www.client.example"
SITES = [Site(url=f"{SITE}/", client="acme")]
BOTH = {"schemaCheck": "enforce", "seoTagsPresent": "enforce"}
HELD = ("deliverable.held", "deliverable.released")


def good(path: str) -> str:
    return (
        f'<html lang="en"><head><title>T</title><meta name="description" content="{"x" * 60}">'
        f'<link rel="canonical" href="{SITE}{path}"></head><body><h1>T</h1>'
        '<script type="application/ld+json">{"@context":"https://schema.org","@type":"Article"}</script>'
    )


@dataclass(kw_only=True)
class Operation:
    """An operation with one site; ``site`` maps a path to (status, HTML), and may be changed at any time."""

    database: Database
    httpserver: HTTPServer
    site: dict[str, tuple[int, str]] = field(default_factory=dict)
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.database.engine(Role.writer))
        routes = {"www.client.example": ("127.0.0.1", self.httpserver.port)}
        self.fetcher = PageFetcher(routes=routes, resolve=lambda host, port: [])

    def append(self, event_type: str, deliverable_id: str, *, at: datetime, **payload: Any) -> None:
        draft = EventDraft(
            event_type=event_type,
            source="cms",
            idempotency_key=str(next(self.numbers)),
            timestamp=at,
            actor_role="system",
            deliverable_id=deliverable_id,
            client_id="acme",
            payload=payload,
        )
        assert [result.outcome for result in self.ledger.append([draft])] == ["kept"]

    def publish(self, deliverable_id: str, path: str, *, html: str | None = None, status: int = 200) -> None:
        self.site[path] = (status, good(path) if html is None else html)
        self.httpserver.expect_request(path).respond_with_handler(lambda request: self._answer(path))
        facts = {"type": "page", "tier": "gold", "url": None, "first_source": "cms"}
        if not any(
            event.event_type == "deliverable.registered" for event in self.ledger.of_deliverable(deliverable_id)
        ):
            self.append("deliverable.registered", deliverable_id, at=NOON - timedelta(days=9), **facts)
        self.append("page.published", deliverable_id, at=NOON - timedelta(days=9), url=SITE + path)

    def sweep(self, *, modes: dict[str, str] = BOTH, day_end: datetime = DAY_END) -> SweepResult:
        return sweep(
            self.ledger,
            self.database.engine(Role.reader),
            self.fetcher,
            sites=SITES,
            modes=modes,  # type: ignore[arg-type]
            day_end=day_end,
            catch_up=self.fold,
        )

    def fold(self) -> None:
        catch_up(self.database.engine(Role.folder), [DELIVERABLES, GATES])

    def exported(self, folder: Path) -> list[dict[str, Any]]:
        """The evaluations that the lake gets."""
        lake = Lake(folder / "lake")
        lake.prepare()
        assert all(each.agrees for each in export(lake, self.database).comparisons)
        rows: list[dict[str, Any]] = lake.read(datasets.GATE_RESULTS).to_pylist()
        return rows

    def events(self, *types: str) -> list[tuple[str, str | None, str]]:
        return [
            (e.event_type, e.deliverable_id, e.payload["gate"]) for e in self.ledger.read() if e.event_type in types
        ]

    def _answer(self, path: str) -> Any:
        from werkzeug import Response

        status, html = self.site[path]
        return Response(html, status=status, content_type="text/html")


@pytest.fixture
def operation(database: Database, httpserver: HTTPServer) -> Operation:
    clock.read_from(lambda: NOON)
    return Operation(database=database, httpserver=httpserver)


def tomorrow(days: int = 1) -> datetime:
    """Freeze the clock ``days`` later; returns the end of that date."""
    clock.read_from(lambda: NOON + timedelta(days=days))
    return DAY_END + timedelta(days=days)


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


def test_the_fold_is_the_same_after_a_rebuild(operation: Operation) -> None:
    operation.publish("d-1", "/good")
    operation.publish("d-2", "/bad", html="<p>x")
    operation.sweep()

    def rows() -> list[list[Any]]:
        with operation.database.engine(Role.reader).connect() as connection:
            tables = ("ops.gate_result", "ops.hold")
            return [sorted(map(repr, connection.execute(text(f"select * from {one}")))) for one in tables]  # noqa: S608

    before = rows()
    assert list(map(len, before)) == [4, 2]
    rebuild(operation.database.engine(Role.folder), GATES)
    assert rows() == before


def test_the_latest_result_is_the_one_evaluated_last(operation: Operation) -> None:
    operation.publish("d-1", "/a", html="<p>")
    operation.publish("d-1", "/b")
    operation.sweep()
    operation.site["/a"] = (200, good("/a"))
    clock.read_from(lambda: NOON + timedelta(hours=2))
    operation.append("page.updated", "d-1", at=NOON + timedelta(hours=1), url=f"{SITE}/a")
    operation.sweep()
    with operation.database.engine(Role.reader).connect() as connection:
        by_page = [(one.gate, one.page_key, one.outcome) for one in latest_by_page(connection)]
    assert by_page == [
        (gate, page, "pass") for gate in BOTH for page in ("www.client.example/a", "www.client.example/b")
    ]


def test_synthetic_evaluations_are_kept_and_are_nobodys_latest(operation: Operation, tmp_path: Path) -> None:
    operation.publish("d-1", "/a")
    said = {"gate": "schemaCheck", "url": f"{SITE}/a", "outcome": "fail", "mode": "enforce", "verdict": "fail",
            "cause": "smoke", "rules_version": "1", "findings": [], "evidence": {}}  # fmt: skip
    smoke = Ledger(operation.database.engine(Role.writer), allow_synthetic=True)
    about = {"source": "smoke", "timestamp": NOON, "actor_role": "system", "deliverable_id": "d-1", "synthetic": True}
    drafts = [
        EventDraft(event_type="gate.evaluated", idempotency_key="1", payload=said, **about),  # type: ignore[arg-type]
        EventDraft(event_type="deliverable.held", idempotency_key="2", payload={"gate": "schemaCheck"}, **about),  # type: ignore[arg-type]
    ]
    assert [result.outcome for result in smoke.append(drafts)] == ["kept", "kept"]
    operation.fold()
    with operation.database.engine(Role.reader).connect() as connection:
        assert latest_by_page(connection) == []
        assert holds(connection) == set()
        assert connection.execute(text("select synthetic from ops.gate_result")).scalar_one() is True
    [row] = operation.exported(tmp_path)
    assert (row["synthetic"], row["standing"]) == (True, False)


def test_the_lake_gets_every_evaluation_in_the_columns_agreed(operation: Operation, tmp_path: Path) -> None:
    operation.publish("d-1", "/bad", html="<p>x")
    operation.sweep()
    [schema, seo] = sorted(operation.exported(tmp_path), key=lambda row: row["gate"])
    assert (schema["finding_codes"], schema["evaluated_at"], schema["synthetic"]) == ("jsonld_missing", NOON, False)
    assert seo["finding_codes"] == "canonical_missing,description_missing,h1_missing,lang_missing,title_missing"
    assert json.loads(schema["findings"]) == [
        {"code": "jsonld_missing", "severity": "error", "message": "the page has no JSON-LD block", "where": None}
    ]


def test_what_the_lake_says_stands_is_the_latest_of_every_live_page(operation: Operation, tmp_path: Path) -> None:
    for path in ("/bad", "/good", "/gone"):
        operation.publish("d-1", path, html="<p>x" if path == "/bad" else None)
    operation.publish("d-2", "/moved")
    operation.sweep()
    operation.site["/good"] = (200, "<p>x")
    operation.sweep(day_end=tomorrow())
    operation.append("page.unpublished", "d-1", at=NOON, url=f"{SITE}/gone")
    operation.append("page.published", "d-1", at=NOON, url=f"{SITE}/moved")  # d-1 was not judged there
    operation.fold()
    with operation.database.engine(Role.reader).connect() as connection:
        live = {(page.deliverable_id, page.page_key) for page in published_pages(connection)}
        latest = [one for one in latest_by_page(connection) if (one.deliverable_id, one.page_key) in live]
    standing = [row for row in operation.exported(tmp_path) if row["standing"]]
    assert sorted(row["event_id"] for row in standing) == sorted(str(one.event_id) for one in latest)
    assert {(row["page_key"], row["outcome"]) for row in standing} == {
        ("www.client.example/bad", "fail"),
        ("www.client.example/good", "fail"),
    }


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
