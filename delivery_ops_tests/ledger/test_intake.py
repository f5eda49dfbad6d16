"""At stake: a line of a file that is neither kept nor refused, or a refusal nobody can find in the file."""

from __future__ import annotations

import codecs
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from delivery_ops import progress
from delivery_ops.contracts.envelope import EventDraft
from delivery_ops.contracts.strict_json import MAX_BYTES
from delivery_ops.contracts.wire import to_wire
from delivery_ops.database.database import Database
from delivery_ops.database.roles import Role
from delivery_ops.errors import BadUsage, Rejected
from delivery_ops.ledger import intake
from delivery_ops.ledger.balance import Balance
from delivery_ops.ledger.intake import LineResult, append_ndjson
from delivery_ops.ledger.ledger import Ledger

Make = Callable[..., EventDraft]


class Prefixed:
    """A registrar by the rule that ids starting with ``D-`` are landing pages of acme, and no others exist."""

    def __init__(self) -> None:
        self.known: set[str] = set()

    def prepare(self, drafts: Sequence[EventDraft]) -> list[EventDraft | Rejected]:
        prepared: list[EventDraft | Rejected] = []
        for draft in drafts:
            unknown = [name for name in draft.deliverable_ids if name not in self.known]
            if strangers := [name for name in unknown if not name.startswith("D-")]:
                cause = f"{strangers[0]} is no deliverable"
                prepared.append(
                    Rejected("registering", subject="x", cause=cause, remedy="Add a rule.", code="unknown_deliverable")
                )
                continue
            self.known.update(unknown)
            prepared += [*(registration(name, draft) for name in unknown), draft]
        return prepared


def registration(deliverable_id: str, named_by: EventDraft) -> EventDraft:
    return replace(
        named_by,
        event_type="deliverable.registered",
        source="registrar",
        idempotency_key=deliverable_id,
        deliverable_id=deliverable_id,
        client_id="acme",
        payload={"type": "landing_page", "tier": "gold", "url": None, "first_source": named_by.source},
    )


def line(draft: EventDraft, **changes: Any) -> bytes:
    return orjson.dumps(to_wire(draft) | changes) + b"\n"


def rejected(database: Database) -> list[tuple[str, str, str]]:
    query = sa.text("SELECT source, origin, code FROM ops.rejected ORDER BY length(origin), origin")
    with database.engine(Role.reader).connect() as connection:
        return [tuple(row) for row in connection.execute(query)]


def test_every_line_comes_to_one_outcome_and_every_refusal_names_its_line(
    ledger: Ledger, draft: Make, database: Database, tmp_path: Path
) -> None:
    many = {"sitemap_url": "https://www.acme.example/sitemap.xml", "deliverable_ids": ["D-7", "D-8"]}
    file = tmp_path / "events.ndjson"
    file.write_bytes(
        line(draft("a"))
        + b"\n  \r\n"  # 2, 3: blank lines are no events
        + line(draft("b", event_type="sitemap.submitted", deliverable_id=None, payload=many))
        + line(draft("a"))  # 5: duplicate
        + line(draft("a", payload={"url": "https://www.acme.example/other"}))  # 6: conflict
        + b'{"event_type": \n'  # 7
        + b"\xff\xfe\n"  # 8
        + line(draft("c"), colour="red")  # 9
        + line(draft("d", payload={}))  # 10
        + line(draft("e"), event_type="page.exploded")  # 11
        + line(draft("f", deliverable_id="stranger"))  # 12
        + line(draft("g"), synthetic=True)  # 13
        + line(draft("h")).rstrip()  # 14, without a newline at its end
    )
    told: list[LineResult] = []
    balance = append_ndjson(ledger, file, Prefixed(), refused=told.append)
    assert balance == Balance(received=12, kept=3, duplicate=1, conflict=1, rejected=7)
    assert [(one.number, one.result.code) for one in told] == [
        (6, "idempotency_conflict"),
        (7, "malformed_json"),
        (8, "malformed_json"),
        (9, "invalid_envelope"),
        (10, "contract_violation"),
        (11, "unknown_event_type"),
        (12, "unknown_deliverable"),
        (13, "synthetic_not_allowed"),
    ]
    sources = {7: "events.ndjson", 8: "events.ndjson", 9: "events.ndjson"}  # no source could be read from these
    assert rejected(database) == [
        (sources.get(one.number, "cms"), f"events.ndjson, line {one.number}", one.result.code) for one in told[1:]
    ]
    assert [(e.event_type, e.idempotency_key) for e in ledger.read() if e.event_type != "ingest.conflict"] == [
        ("deliverable.registered", "D-7"),
        ("page.published", "a"),
        ("deliverable.registered", "D-8"),
        ("sitemap.submitted", "b"),
        ("page.published", "h"),
    ]


def test_a_file_neither_releases_a_deliverable_nor_speaks_for_the_system_nor_tells_the_future(
    ledger: Ledger, draft: Make, database: Database
) -> None:
    lines = [
        line(draft("a", event_type="deliverable.released", payload={"gate": "schemaCheck"})),
        line(draft("b", source="delivery_ops")),
        line(draft("c"), timestamp="9998-01-01T00:00:00Z", deliverable_id="D-8"),
    ]
    assert append_ndjson(ledger, lines, Prefixed()) == Balance(received=3, rejected=3)
    assert [code for _, _, code in rejected(database)] == ["reserved_event_type", "reserved_source", "in_the_future"]
    assert ledger.read() == []


def test_a_refused_line_is_kept_byte_for_byte(ledger: Ledger, draft: Make, database: Database) -> None:
    bodies = [b'{"a": 1,  "a": 2}', line(draft("k"), payload={"url": 7}).rstrip().replace(b":", b" : ")]
    append_ndjson(ledger, [body + b"\r\n" for body in bodies], Prefixed())
    with database.engine(Role.reader).connect() as connection:
        kept = connection.exec_driver_sql("SELECT body FROM ops.rejected ORDER BY origin").scalars()
        assert [bytes(body) for body in kept] == bodies


def test_a_second_run_keeps_nothing_new_and_says_so(ledger: Ledger, draft: Make) -> None:
    lines = [line(draft(f"k{n}")) for n in range(5)]
    append_ndjson(ledger, lines, Prefixed())
    head = ledger.head()
    assert append_ndjson(ledger, lines, Prefixed()) == Balance(received=5, duplicate=5)
    assert ledger.head() == head


@pytest.mark.parametrize("first", ["an event", "a blank line", "the largest event", "nothing"])
def test_a_mark_of_utf_8_at_the_start_of_a_file_is_no_part_of_its_first_line(
    ledger: Ledger, draft: Make, database: Database, tmp_path: Path, first: str
) -> None:
    bodies = {"an event": line(draft("a")), "a blank line": b"\n", "nothing": b""}
    largest = line(draft("a")).rstrip().ljust(MAX_BYTES) + b"\n"
    file = tmp_path / "events.ndjson"
    file.write_bytes(codecs.BOM_UTF8 + bodies.get(first, largest) + line(draft("b")) + codecs.BOM_UTF8 + b"{}\n")
    has_event = first in {"an event", "the largest event"}
    balance = append_ndjson(ledger, file, Prefixed())
    assert balance == Balance(received=2 + has_event, kept=1 + has_event, rejected=1)
    number = 2 if first == "nothing" else 3
    assert rejected(database) == [("events.ndjson", f"events.ndjson, line {number}", "malformed_json")]


def test_a_line_too_large_for_an_event_is_refused_and_the_next_ones_are_read(
    ledger: Ledger, draft: Make, database: Database, tmp_path: Path
) -> None:
    file = tmp_path / "events.ndjson"
    exact = line(draft("b")).rstrip()
    file.write_bytes(
        b'"'
        + b"x" * (3 * MAX_BYTES)
        + b'"\n'
        + line(draft("a"))
        + exact.ljust(MAX_BYTES)
        + b"\n"
        + b"y" * 2 * MAX_BYTES
    )
    balance = append_ndjson(ledger, file, Prefixed())
    assert balance == Balance(received=4, kept=2, rejected=2)
    assert [origin for _, origin, _ in rejected(database)] == ["events.ndjson, line 1", "events.ndjson, line 4"]


class Heard:
    def __init__(self) -> None:
        self.stages: list[str] = []
        self.told: list[tuple[int, int]] = []

    def started(self, stage: str) -> progress.Tell:
        self.stages.append(stage)
        return lambda done, total: self.told.append((done, total))

    def ended(self, stage: str) -> None:
        self.stages.append(f"end of {stage}")


def test_people_hear_how_many_bytes_of_the_file_are_read(
    ledger: Ledger, draft: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "BATCH", 4)
    lines = [line(draft(f"k{n}")) for n in range(9)] + [b"z" * (2 * MAX_BYTES)]
    (tmp_path / "events.ndjson").write_bytes(b"".join(lines))
    heard, size = Heard(), sum(map(len, lines))
    with progress.heard_by(heard):
        append_ndjson(ledger, tmp_path / "events.ndjson", Prefixed())
    assert heard.stages == ["Appending events.ndjson", "end of Appending events.ndjson"]
    assert heard.told == [(sum(map(len, lines[:4])), size), (sum(map(len, lines[:8])), size), (size, size)]


def test_a_pipe_is_read_though_its_size_is_not_known(ledger: Ledger, draft: Make, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with ThreadPoolExecutor(1) as writer:
        writer.submit((tmp_path / "pipe").write_bytes, line(draft("a")))
        assert append_ndjson(ledger, tmp_path / "pipe", Prefixed()) == Balance(received=1, kept=1)


def test_no_lines_are_an_empty_balance(ledger: Ledger) -> None:
    assert append_ndjson(ledger, [], Prefixed()) == Balance()


@pytest.mark.parametrize("name", ["missing.ndjson", "."])
def test_a_file_that_cannot_be_read_is_bad_usage(ledger: Ledger, tmp_path: Path, name: str) -> None:
    with pytest.raises(BadUsage, match="appending events"):
        append_ndjson(ledger, tmp_path / name, Prefixed())


class Wrong:
    def __init__(self, answer: Callable[[Sequence[EventDraft]], list[EventDraft | Rejected]]) -> None:
        self.prepare = answer


def test_a_registrar_that_loses_or_invents_a_draft_is_found_out(ledger: Ledger, draft: Make) -> None:
    lines = [line(draft("a")), line(draft("b"))]
    refusal = Rejected("x", subject="x", cause="x", remedy="x", code="x")
    for answer in (lambda drafts: drafts[:1], lambda drafts: [*drafts, refusal], lambda drafts: drafts[::-1]):
        with pytest.raises(ValueError, match="the registrar"):
            append_ndjson(ledger, lines, Wrong(lambda drafts, answer=answer: list(answer(drafts))))  # type: ignore[misc]
    assert ledger.read() == []


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_lines_come_each_is_kept_or_refused(ledger: Ledger, draft: Make, data: st.DataObject) -> None:
    good = st.sampled_from("abc").map(lambda key: line(draft(key)))
    broken = good.flatmap(lambda one: st.integers(0, len(one)).map(lambda cut: one[:cut] + b"}" + one[cut + 1 :]))
    lines = data.draw(st.lists(good | broken | st.binary(max_size=20), max_size=8))
    balance = append_ndjson(ledger, lines, Prefixed())
    assert balance.received == sum(1 for one in lines if one.strip())
