"""At stake: two commands that decide on the same state and are both obeyed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from delivery_ops.contracts.envelope import EventDraft
from delivery_ops.contracts.registry import SCHEMAS, Contract, Registry
from delivery_ops.database.database import Database
from delivery_ops.database.roles import Role
from delivery_ops.errors import Rejected, Transient
from delivery_ops.ledger.ledger import Ledger, StreamConflict

Make = Callable[..., EventDraft]


@pytest.fixture
def ledger(database: Database, tmp_path: Path) -> Ledger:
    """A ledger that knows one type written by commands."""
    file = tmp_path / "gate.mode_changed" / "1.json"
    file.parent.mkdir()
    schema = {
        "type": "object",
        "additionalProperties": False,
        "x-subject": "none",
        "x-stream": "gate/{gate}",
        "required": ["gate", "mode"],
        "properties": {"gate": {"type": "string"}, "mode": {"type": "string"}},
    }
    file.write_text(json.dumps(schema))
    contracts = Registry([Contract.read(file), Contract.read(SCHEMAS / "ingest.conflict" / "1.json")])
    return Ledger(database.engine(Role.writer), contracts=contracts)


@pytest.fixture
def change(draft: Make) -> Make:
    def make(key: str, mode: str = "monitor", *, gate: str = "schemaCheck", **changes: Any) -> EventDraft:
        fields = {"deliverable_id": None, "stream": f"gate/{gate}", "payload": {"gate": gate, "mode": mode}}
        return draft(key, event_type="gate.mode_changed", **(fields | changes))

    return make


def versions(ledger: Ledger, stream: str) -> list[int | None]:
    return [event.stream_version for event in ledger.of_stream(stream)]


def test_a_streams_events_are_numbered_from_one_without_holes(ledger: Ledger, change: Make) -> None:
    ledger.append([change("a")], expected_version=0)
    ledger.append([change("x", gate="seoTagsPresent")], expected_version=0)
    ledger.append([change("b"), change("c")], expected_version=1)
    ledger.append([change("d")], expected_version=3)
    assert versions(ledger, "gate/schemaCheck") == [1, 2, 3, 4]
    assert [event.idempotency_key for event in ledger.of_stream("gate/schemaCheck")] == ["a", "b", "c", "d"]
    assert versions(ledger, "gate/seoTagsPresent") == [1]


@pytest.mark.parametrize("expected", [0, 2, -1, 7])
def test_another_last_number_is_a_stream_conflict_and_nothing_is_written(
    ledger: Ledger, change: Make, expected: int
) -> None:
    ledger.append([change("a")], expected_version=0)
    with pytest.raises(StreamConflict, match=f"its last event is number 1, expected was {expected}") as conflict:
        ledger.append([change("b"), change("c")], expected_version=expected)
    assert isinstance(conflict.value, Transient)
    assert [event.idempotency_key for event in ledger.read()] == ["a"]


def test_a_command_repeated_after_a_lost_answer_is_a_duplicate(ledger: Ledger, change: Make) -> None:
    first = ledger.append([change("a"), change("b")], expected_version=0)
    ledger.append([change("c")], expected_version=2)
    again = ledger.append([change("a"), change("b")], expected_version=0)
    assert [r.outcome for r in again] == ["duplicate", "duplicate"]
    assert [r.event_id for r in again] == [r.event_id for r in first]
    assert versions(ledger, "gate/schemaCheck") == [1, 2, 3]


def test_a_command_that_was_done_in_part_is_a_stream_conflict(ledger: Ledger, change: Make) -> None:
    ledger.append([change("a")], expected_version=0)
    with pytest.raises(StreamConflict, match="some of these events, but not all, are recorded already"):
        ledger.append([change("a"), change("b")], expected_version=1)
    assert versions(ledger, "gate/schemaCheck") == [1]


def test_a_commands_key_with_another_body_is_a_conflict(ledger: Ledger, change: Make) -> None:
    ledger.append([change("a")], expected_version=0)
    [result] = ledger.append([change("a", "enforce")], expected_version=1)
    assert result.outcome == "conflict"
    assert [event.event_type for event in ledger.read()] == ["gate.mode_changed", "ingest.conflict"]


def test_a_command_that_breaks_its_contract_is_refused_whole(ledger: Ledger, change: Make) -> None:
    with pytest.raises(Rejected, match=r"payload\.mode is missing"):
        ledger.append([change("a"), change("b", payload={"gate": "schemaCheck"})], expected_version=0)
    assert ledger.read() == []


def test_a_source_cannot_write_to_a_stream(ledger: Ledger, change: Make) -> None:
    [result] = ledger.append([change("a", stream=None)])
    assert result.reason == "stream is None; allowed is 'gate/schemaCheck'"
    assert ledger.read() == []


def test_streams_and_expected_version_go_together(ledger: Ledger, change: Make) -> None:
    with pytest.raises(ValueError, match="with expected_version"):
        ledger.append([change("a")])
    for drafts in ([], [change("a", stream=None)], [change("a"), change("b", gate="seoTagsPresent")]):
        with pytest.raises(ValueError, match="all name one stream"):
            ledger.append(drafts, expected_version=0)


def test_of_eight_commands_that_decided_on_one_state_one_is_obeyed(ledger: Ledger, change: Make) -> None:
    def command(n: int) -> str:
        while True:  # read, decide, append; on a conflict decide again
            last = len(ledger.of_stream("gate/schemaCheck"))
            if last >= 5:
                return "decided that it is enough"
            try:
                return ledger.append([change(f"{n}/{last}")], expected_version=last)[0].outcome
            except StreamConflict:
                continue

    with ThreadPoolExecutor(8) as pool:
        outcomes = Counter(pool.map(command, range(8)))
    assert outcomes == {"kept": 5, "decided that it is enough": 3}
    assert versions(ledger, "gate/schemaCheck") == [1, 2, 3, 4, 5]
