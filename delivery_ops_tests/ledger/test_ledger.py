"""At stake: an event kept twice, a second body swallowed in silence, input lost without a record."""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from delivery_ops import clock
from delivery_ops.contracts.envelope import EventDraft, Position, body_digest
from delivery_ops.contracts.wire import from_wire
from delivery_ops.database.database import Database
from delivery_ops.database.roles import Role
from delivery_ops.ledger.ledger import Ledger

Make = Callable[..., EventDraft]

_numbers = itertools.count()


def rows(database: Database, query: str) -> list[Any]:
    with database.engine(Role.reader).connect() as connection:
        return list(connection.execute(sa.text(query)))


def test_a_new_event_is_kept_and_reads_back_as_it_was_handed_in(ledger: Ledger, draft: Make) -> None:
    clock.read_from(lambda: datetime(2026, 3, 30, 12, tzinfo=UTC))
    handed_in = draft(
        "k1",
        payload={"url": "https://www.acme.example/ü?a=\\u0000"},
        timestamp=datetime(2026, 3, 2, 9, 30, 0, 123_456, tzinfo=UTC),
        actor_id="u-12",
        correlation_id="launch",
        causation_id=UUID(int=7),
    )
    [result] = ledger.append([handed_in])
    [event] = ledger.read()
    assert (result.outcome, result.event_id, result.position) == ("kept", event.event_id, event.position)
    expected = replace(handed_in, event_id=event.event_id)
    assert all(getattr(event, field.name) == getattr(expected, field.name) for field in fields(expected))
    assert event.recorded_at == datetime(2026, 3, 30, 12, tzinfo=UTC)
    assert event.body_sha256 == body_digest(handed_in)
    assert event.stream_version is None


TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=20)
EVIDENCE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=8,
)
INSTANTS = st.sampled_from([datetime.min.replace(tzinfo=UTC), datetime(2026, 3, 2, 23, 59, 59, 999_999, tzinfo=UTC)])
WIDE = "\N{GRINNING FACE}"  # four bytes


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(TEXT, EVIDENCE, max_size=4), TEXT.filter(bool), INSTANTS)
def test_whatever_draft_can_exist_can_be_kept(
    ledger: Ledger, draft: Make, evidence: dict[str, Any], reference: str, at: datetime
) -> None:
    payload = {
        "gate": "schemaCheck",
        "url": "https://www.acme.example/",
        "outcome": "pass",
        "mode": "enforce",
        "verdict": "pass",
        "cause": "sweep",
        "rules_version": "1",
        "findings": [],
        "evidence": evidence,
    }
    odd = draft(
        f"{next(_numbers)}{WIDE * 240}",
        event_type="gate.evaluated",
        source=WIDE * 50,
        deliverable_id=reference + WIDE * 40,
        client_id=WIDE * 62,
        correlation_id=reference,
        actor_id=reference,
        timestamp=at,
        payload=payload,
    )
    [result] = ledger.append([odd])
    [event] = ledger.read(after=Position((result.position or 0) - 1))
    assert (result.outcome, event.timestamp, event.payload) == ("kept", at, payload)
    assert (event.deliverable_id, event.correlation_id, event.actor_id) == (odd.deliverable_id, reference, reference)
    assert event in ledger.of_deliverable(reference + WIDE * 40)


def test_the_ledgers_own_event_ids_are_uuid7_of_the_moment(ledger: Ledger, draft: Make) -> None:
    clock.read_from(lambda: datetime(2026, 3, 30, 12, tzinfo=UTC))
    results = ledger.append([draft(f"k{n}") for n in range(100)])
    ids = [result.event_id for result in results if result.event_id]
    assert len(set(ids)) == 100
    assert {(i.version, i.variant) for i in ids} == {(7, "specified in RFC 4122")}
    assert {i.int >> 80 for i in ids} == {1_774_872_000_000}


def test_every_column_says_what_the_stored_bytes_say(ledger: Ledger, draft: Make, database: Database) -> None:
    ledger.append([draft("k1", event_id=UUID(int=9), correlation_id="c", causation_id=UUID(int=3), actor_id="u-1")])
    [row] = rows(database, "SELECT * FROM ledger.event")
    stored = orjson.loads(bytes(row.canonical))
    assert orjson.dumps(stored, option=orjson.OPT_SORT_KEYS) == bytes(row.canonical)
    assert stored.pop("actor") == {"role": row.actor_role, "id": row.actor_id} == {"role": "editor", "id": "u-1"}
    assert datetime.fromisoformat(stored.pop("timestamp")) == row.occurred_at
    assert datetime.fromisoformat(stored.pop("recorded_at")) == row.recorded_at
    columns = row._asdict()
    assert {name: str(columns[name]) if name.endswith("ion_id") else columns[name] for name in stored} == stored | {
        "event_id": UUID(int=9)
    }
    assert columns["synthetic"] is False


def test_the_same_body_again_is_a_duplicate_and_names_the_first(ledger: Ledger, draft: Make) -> None:
    [first] = ledger.append([draft("k1")])
    later = draft("k1", timestamp=datetime(2026, 3, 9, tzinfo=UTC), actor_role="robot", event_id=UUID(int=1))
    [again] = ledger.append([later])
    assert (again.outcome, again.event_id, again.position) == ("duplicate", first.event_id, first.position)
    assert len(ledger.read()) == 1


def test_a_key_stays_taken_for_ever(ledger: Ledger, draft: Make) -> None:
    clock.read_from(lambda: datetime(2026, 3, 3, tzinfo=UTC))
    ledger.append([draft("k1")])
    clock.read_from(lambda: datetime(2036, 3, 3, tzinfo=UTC))
    assert [r.outcome for r in ledger.append([draft("k1")])] == ["duplicate"]


def test_the_same_key_from_another_source_is_another_event(ledger: Ledger, draft: Make) -> None:
    assert [r.outcome for r in ledger.append([draft("k1"), draft("k1", source="crm")])] == ["kept", "kept"]


def test_another_body_under_a_taken_key_is_a_conflict_and_both_digests_are_kept(ledger: Ledger, draft: Make) -> None:
    other = draft("k1", payload={"url": "https://www.acme.example/other"})
    [first] = ledger.append([draft("k1")])
    for _ in range(2):  # refused again, it is recorded once
        [refused] = ledger.append([other])
        assert (refused.outcome, refused.event_id, refused.position) == ("conflict", first.event_id, first.position)
        assert refused.code == "idempotency_conflict"
    kept, conflict = ledger.read()
    assert kept.payload == draft("k1").payload
    assert conflict.event_type == "ingest.conflict"
    assert conflict.payload == {
        "source": "cms",
        "idempotency_key": "k1",
        "kept_event_id": str(first.event_id),
        "kept_digest": body_digest(draft("k1")).hex(),
        "refused_digest": body_digest(other).hex(),
    }


def test_the_first_of_equal_keys_in_one_batch_wins(ledger: Ledger, draft: Make) -> None:
    other = draft("a", payload={"url": "https://www.acme.example/other"})
    results = ledger.append([draft("a"), draft("b"), draft("a"), other, draft("c"), other])
    assert [r.outcome for r in results] == ["kept", "kept", "duplicate", "conflict", "kept", "conflict"]
    assert results[2].event_id == results[3].event_id == results[0].event_id
    assert [e.idempotency_key for e in ledger.read()][:3] == ["a", "b", "c"]
    assert [e.event_type for e in ledger.read()][3:] == ["ingest.conflict"]


def test_an_event_id_that_belongs_to_another_event_is_rejected(ledger: Ledger, draft: Make, database: Database) -> None:
    mine = UUID(int=5)
    results = ledger.append([draft("a", event_id=mine), draft("b", event_id=mine), draft("c")])
    assert [(r.outcome, r.code) for r in results] == [("kept", None), ("rejected", "event_id_taken"), ("kept", None)]
    assert [(r.source, r.code) for r in rows(database, "SELECT * FROM ops.rejected")] == [("cms", "event_id_taken")]


def test_one_delivery_twice_in_a_batch_is_kept_once_also_when_it_brings_its_event_id(
    ledger: Ledger, draft: Make
) -> None:
    results = ledger.append([draft("a", event_id=UUID(int=5))] * 2)
    assert [(r.outcome, r.event_id) for r in results] == [("kept", UUID(int=5)), ("duplicate", UUID(int=5))]


def test_of_equal_keys_the_one_that_could_be_inserted_is_the_kept_one(ledger: Ledger, draft: Make) -> None:
    ledger.append([draft("taken", event_id=UUID(int=5))])
    blocked, free = ledger.append([draft("a", event_id=UUID(int=5)), draft("a")])
    assert (blocked.outcome, free.outcome) == ("duplicate", "kept")
    assert blocked.event_id == free.event_id != UUID(int=5)


def test_a_draft_that_breaks_its_contract_is_stored_and_stops_no_other(
    ledger: Ledger, draft: Make, database: Database
) -> None:
    clock.read_from(lambda: datetime(2026, 3, 30, 12, tzinfo=UTC))
    bad = draft("bad", payload={"url": 7})
    results = ledger.append([draft("a"), bad, draft("x", event_type="page.publshed"), draft("b")])
    assert [(r.outcome, r.code) for r in results] == [
        ("kept", None),
        ("rejected", "contract_violation"),
        ("rejected", "unknown_event_type"),
        ("kept", None),
    ]
    stored = {row.code: row for row in rows(database, "SELECT * FROM ops.rejected")}
    assert set(stored) == {"contract_violation", "unknown_event_type"}
    row = stored["contract_violation"]
    assert from_wire(orjson.loads(bytes(row.body))) == bad
    assert bytes(row.body_sha256) == hashlib.sha256(bytes(row.body)).digest()
    assert row.reason == results[1].reason == 'payload.url is 7: it is not of type "string"'
    assert (row.source, row.times_seen) == ("cms", 1)
    assert row.first_seen_at == row.last_seen_at == datetime(2026, 3, 30, 12, tzinfo=UTC)


def test_what_is_refused_again_is_counted_and_not_stored_again(ledger: Ledger, draft: Make, database: Database) -> None:
    bad = draft("bad", payload={})
    first = datetime(2026, 3, 30, 12, tzinfo=UTC)
    clock.read_from(lambda: first)
    ledger.append([bad, draft("other", payload={}), bad])
    clock.read_from(lambda: first + timedelta(days=1))
    ledger.append([bad])
    seen = rows(database, "SELECT times_seen, first_seen_at, last_seen_at FROM ops.rejected ORDER BY times_seen")
    assert [tuple(row) for row in seen] == [(1, first, first), (3, first, first + timedelta(days=1))]


def test_a_synthetic_event_is_taken_only_where_that_was_allowed(
    ledger: Ledger, draft: Make, database: Database
) -> None:
    smoke = draft("k1", synthetic=True)
    assert [(r.outcome, r.code) for r in ledger.append([smoke])] == [("rejected", "synthetic_not_allowed")]
    allowed = Ledger(database.engine(Role.writer), allow_synthetic=True)
    assert [r.outcome for r in allowed.append([smoke])] == ["kept"]
    assert [event.synthetic for event in ledger.read()] == [True]


def test_an_alias_is_kept_under_its_types_own_name(ledger: Ledger, draft: Make) -> None:
    approved = draft("k1", event_type="scope.approved", payload={})
    accepted = draft("k1", event_type="scope.accepted", payload={})
    assert [r.outcome for r in ledger.append([approved, accepted])] == ["kept", "duplicate"]
    assert [event.event_type for event in ledger.read()] == ["scope.accepted"]


def test_nothing_appended_is_nothing_written(ledger: Ledger) -> None:
    assert ledger.append([]) == []
    assert ledger.read() == []
    assert ledger.head() is None


def test_eight_threads_with_one_key_and_two_bodies_agree_on_one_event(ledger: Ledger, draft: Make) -> None:
    bodies = [draft("k", payload={"url": f"https://www.acme.example/{n}"}) for n in (0, 1)]
    for round_number in range(15):
        keyed = [replace(body, idempotency_key=f"k{round_number}") for body in bodies]
        together = Barrier(8)

        def append(n: int, keyed: list[EventDraft] = keyed, together: Barrier = together) -> Any:
            together.wait()
            return ledger.append([keyed[n % 2]])[0]

        with ThreadPoolExecutor(8) as pool:
            results = list(pool.map(append, range(8)))
        assert Counter(r.outcome for r in results) == {"kept": 1, "duplicate": 3, "conflict": 4}
        assert len({(r.event_id, r.position) for r in results}) == 1
        [kept] = [e for e in ledger.of_deliverable("D-7") if e.event_id == results[0].event_id]
        winner = next(n for n, r in enumerate(results) if r.outcome == "kept")
        assert kept.payload == keyed[winner % 2].payload
    assert Counter(e.event_type for e in ledger.read()) == {"page.published": 15, "ingest.conflict": 15}
