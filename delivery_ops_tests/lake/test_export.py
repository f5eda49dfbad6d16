"""The marts read what was exported and nothing else, so the copy must be whole, once, and proven to be."""

from __future__ import annotations

import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from delivery_ops.contracts.envelope import EventDraft
from delivery_ops.database.database import Database
from delivery_ops.database.roles import Role
from delivery_ops.deliverables.fold import DELIVERABLES as FOLD
from delivery_ops.errors import Permanent
from delivery_ops.gates.fold import GATES
from delivery_ops.lake import datasets
from delivery_ops.lake import export as exporting
from delivery_ops.lake.export import Export, export
from delivery_ops.lake.lake import Lake
from delivery_ops.ledger.consume import catch_up
from delivery_ops.ledger.ledger import Ledger

START = datetime(2026, 3, 2, tzinfo=UTC)
REGISTERED = {"type": "landing_page", "tier": "gold", "url": "https://acme.example/a", "first_source": "cms"}


@dataclass(kw_only=True)
class Books:
    """A ledger with its lake beside it."""

    database: Database
    lake: Lake
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    def append(self, *events: tuple[str, str | None, dict[str, Any]], source: str = "cms") -> None:
        drafts = []
        for event_type, deliverable_id, payload in events:
            number = next(self.numbers)
            drafts.append(
                EventDraft(
                    event_type=event_type,
                    source=source,
                    idempotency_key=f"k-{number}",
                    timestamp=START + timedelta(hours=number),
                    actor_role="system",
                    deliverable_id=deliverable_id,
                    client_id="acme" if deliverable_id else None,
                    payload=payload,
                )
            )
        self.ledger.append(drafts)
        catch_up(self.database.engine(Role.folder), [FOLD, GATES])

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.database.engine(Role.writer))

    def export(self) -> Export:
        done = export(self.lake, self.database)
        assert all(each.agrees for each in done.comparisons), done.comparisons
        return done

    def files(self) -> dict[str, tuple[int, bytes]]:
        return {
            str(path.relative_to(self.lake.root)): (path.stat().st_mtime_ns, path.read_bytes())
            for path in self.lake.root.glob("*/*.parquet")
        }


def received(count: int) -> list[tuple[str, str | None, dict[str, Any]]]:
    return [("intake.received", "d-1", {})] * count


def invoice(number: str, amount_minor: int) -> tuple[str, str | None, dict[str, Any]]:
    about = {"invoice_id": number, "amount_minor": amount_minor, "currency": "EUR", "deliverable_ids": ["d-1"]}
    return "invoice.generated", None, about


def evaluation(outcome: str, *codes: str) -> tuple[str, str | None, dict[str, Any]]:
    findings = [{"code": code, "severity": "error", "message": f"It has {code}.", "where": None} for code in codes]
    judged = {
        "gate": "schemaCheck",
        "url": REGISTERED["url"],
        "outcome": outcome,
        "mode": "enforce",
        "verdict": outcome,
    }
    about = {"cause": "sweep", "rules_version": "1", "findings": findings, "evidence": {}}
    return "gate.evaluated", "d-1", judged | about


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(tmp_path / "lake")
    lake.prepare()
    return lake


@pytest.fixture
def books(database: Database, lake: Lake) -> Books:
    return Books(database=database, lake=lake)


@pytest.fixture
def small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "EVENTS_PER_FILE", 4)
    monkeypatch.setattr(exporting, "_BATCH", 2)


def test_an_empty_ledger_is_exported_as_nothing_at_all(books: Books) -> None:
    done = books.export()
    assert done.events == 0
    assert books.lake.partitions(datasets.EVENTS) == []
    assert books.lake.read(datasets.DELIVERABLES).num_rows == 0
    assert not books.export().changed


def test_events_and_folds_arrive_as_they_are(books: Books) -> None:
    books.append(
        ("deliverable.registered", "d-1", REGISTERED),
        ("page.published", "d-1", {"url": "https://acme.example/a?utm_source=x"}),
        ("deliverable.held", "d-1", {"gate": "schemaCheck"}),
        ("asset.uploaded", "d-1", {"asset": "ünïcode"}),
    )
    assert books.export().events == 4
    events = books.lake.read(datasets.EVENTS).to_pylist()
    kept = books.ledger.read()
    assert [event["position"] for event in events] == [event.position for event in kept]
    assert [event["event_id"] for event in events] == [str(event.event_id) for event in kept]
    assert [bytes.fromhex(event["body_sha256"]) for event in events] == [event.body_sha256 for event in kept]
    assert [json.loads(event["payload"]) for event in events] == [event.payload for event in kept]
    assert [event["occurred_at"] for event in events] == [event.timestamp for event in kept]
    assert events[0] | {"event_type": "deliverable.registered", "client_id": "acme", "synthetic": False} == events[0]

    [deliverable] = books.lake.read(datasets.DELIVERABLES).to_pylist()
    expected = {
        "deliverable_id": "d-1",
        "deliverable_type": "landing_page",
        "page_key": "acme.example/a",
        "stage": "design",
        "stage_since": START + timedelta(hours=3),
        "published_at": START + timedelta(hours=1),
        "illegal_moves": 1,
        "held": True,
    }
    assert deliverable | expected == deliverable
    [page] = books.lake.read(datasets.DELIVERABLE_URLS).to_pylist()
    assert (page["page_key"], page["deliverable_id"], page["valid_to"]) == ("acme.example/a", "d-1", None)
    moves = books.lake.read(datasets.STAGE_MOVES).to_pylist()
    assert [(move["to_stage"], move["illegal"], move["applied"]) for move in moves] == [
        ("publish", False, True),
        ("design", True, True),
    ]
    assert moves[0]["event_id"] == str(kept[1].event_id)


def test_an_evaluation_arrives_with_its_findings(books: Books) -> None:
    books.append(("deliverable.registered", "d-1", REGISTERED), evaluation("fail", "no_block", "bad_date"))
    books.export()
    [result] = books.lake.read(datasets.GATE_RESULTS).to_pylist()
    kept = books.ledger.read()[1]
    expected = {
        "event_id": str(kept.event_id),
        "position": kept.position,
        "gate": "schemaCheck",
        "verdict": "fail",
        "evaluated_at": kept.timestamp,
        "finding_codes": "bad_date,no_block",
        "synthetic": False,
    }
    assert result | expected == result
    assert json.loads(result["findings"]) == kept.payload["findings"]


@pytest.mark.usefixtures("small_files")
def test_only_new_events_are_added_and_no_file_is_touched_again(books: Books) -> None:
    books.append(("deliverable.registered", "d-1", REGISTERED), *received(9))
    assert books.export().events == 10
    first = books.files()
    names = books.lake.partitions(datasets.EVENTS)
    assert [books.lake.read(datasets.EVENTS, name).num_rows for name in names] == [4, 4, 2]
    unchanged = books.export()
    assert (unchanged.events, unchanged.changed) == (0, False)
    assert books.files() == first

    books.append(*received(3))
    again = books.export()
    assert (again.events, again.changed) == (3, True)
    after = books.files()
    assert {name: after[name] for name in first if name.startswith("events/")} == {
        name: file for name, file in first.items() if name.startswith("events/")
    }
    positions = books.lake.read(datasets.EVENTS)["position"].to_pylist()
    assert positions == [event.position for event in books.ledger.read()]
    for name in books.lake.partitions(datasets.EVENTS):
        low, high = (int(part) for part in name.split("-"))
        inside = books.lake.read(datasets.EVENTS, name)["position"].to_pylist()
        assert (inside[0], inside[-1]) == (low, high)


@pytest.mark.usefixtures("small_files")
def test_exports_at_the_same_time_add_every_event_once(books: Books) -> None:
    books.append(("deliverable.registered", "d-1", REGISTERED))

    def work(number: int) -> None:
        if number % 2:
            books.append(*received(5), source=f"source-{number}")
        else:
            export(books.lake, books.database)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(24)))
    books.export()
    positions = books.lake.read(datasets.EVENTS)["position"].to_pylist()
    assert positions == [event.position for event in books.ledger.read()]
    assert len(positions) == 61


def test_amounts_are_compared_by_source(books: Books) -> None:
    books.append(("deliverable.registered", "d-1", REGISTERED), invoice("i-1", 100), invoice("i-2", 250))
    books.append(invoice("i-3", 7), source="billing")
    said = {each.subject: each.in_lake for each in books.export().comparisons}
    assert said["events: amount_minor invoiced by cms"] == 350
    assert said["events: amount_minor invoiced by billing"] == 7
    assert said["events: rows"] == 4


@pytest.mark.parametrize(
    ("dataset", "subjects"),
    [
        (datasets.EVENTS, {"events: rows", "events: last position", "events: amount_minor invoiced by cms"}),
        (datasets.DELIVERABLES, {"deliverables: rows", "deliverables: illegal moves"}),
        (datasets.DELIVERABLE_URLS, {"deliverable_urls: rows"}),
        (datasets.STAGE_MOVES, {"stage_moves: rows"}),
        (datasets.GATE_RESULTS, {"gate_results: rows"}),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_what_the_lake_lost_is_found(books: Books, dataset: datasets.Dataset, subjects: set[str]) -> None:
    books.append(
        ("deliverable.registered", "d-1", REGISTERED), ("asset.approved", "d-1", {}), *received(1), invoice("i", 5)
    )
    books.append(evaluation("pass"))
    books.export()
    for name in books.lake.partitions(dataset):
        books.lake.remove(dataset, name)
    with books.database.engine(Role.reader).connect() as connection:
        found = exporting.compare(books.lake, connection)
    assert {each.subject for each in found if not each.agrees} == subjects


def test_a_file_exported_twice_is_found(books: Books) -> None:
    books.append(("deliverable.registered", "d-1", REGISTERED))
    books.export()
    [name] = books.lake.partitions(datasets.EVENTS)
    books.lake.write(datasets.EVENTS, "copy", books.lake.read(datasets.EVENTS, name))
    with books.database.engine(Role.reader).connect() as connection:
        found = exporting.compare(books.lake, connection)
    assert [(each.subject, each.in_postgres, each.in_lake) for each in found if not each.agrees] == [
        ("events: rows", 1, 2)
    ]


def test_the_lake_of_another_ledger_is_refused(books: Books) -> None:
    books.append(("deliverable.registered", "d-1", REGISTERED))
    books.export()
    [name] = books.lake.partitions(datasets.EVENTS)
    other = books.lake.read(datasets.EVENTS, name).to_pylist()
    other[0]["event_id"] = "00000000-0000-7000-8000-000000000000"
    books.lake.write(datasets.EVENTS, name, datasets.EVENTS.table(other))
    with pytest.raises(Permanent, match="is not the ledger's"):
        export(books.lake, books.database)


def test_a_lake_that_was_taken_away_is_written_anew(books: Books) -> None:
    books.append(("deliverable.registered", "d-1", REGISTERED), *received(2))
    books.export()
    before = {name: content for name, (_, content) in books.files().items()}
    for dataset in datasets.ALL:
        for name in books.lake.partitions(dataset):
            books.lake.remove(dataset, name)
    assert books.export().events == 3
    assert {name: content for name, (_, content) in books.files().items()} == before
