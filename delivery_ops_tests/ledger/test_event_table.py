"""At stake: a reader who misses an event that was committed, and anybody who changes one that was."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import sqlalchemy as sa

from delivery_ops.contracts.envelope import EventDraft
from delivery_ops.database.database import Database
from delivery_ops.database.roles import Role
from delivery_ops.ledger.ledger import Ledger

Make = Callable[..., EventDraft]


def test_events_read_in_the_order_they_were_appended_from_any_position(ledger: Ledger, draft: Make) -> None:
    for batch in range(3):
        ledger.append([draft(f"k{batch}{n}") for n in range(10)])
    everything = ledger.read()
    assert [e.idempotency_key for e in everything] == [f"k{batch}{n}" for batch in range(3) for n in range(10)]
    assert [e.position for e in everything] == sorted({e.position for e in everything})
    assert ledger.head() == everything[-1].position
    assert ledger.read(after=everything[11].position, limit=7) == everything[12:19]
    assert ledger.read(after=ledger.head()) == []


def test_a_timeline_holds_events_about_one_and_about_many(ledger: Ledger, draft: Make) -> None:
    many = {"sitemap_url": "https://www.acme.example/sitemap.xml"}
    ledger.append(
        [
            draft("a", deliverable_id="D-1"),
            draft("b", deliverable_id="D-2", client_id="other"),
            draft("c", event_type="sitemap.submitted", deliverable_id=None, payload=many | {"deliverable_ids": []}),
            draft(
                "d",
                event_type="sitemap.submitted",
                deliverable_id=None,
                payload=many | {"deliverable_ids": ["D-2", "D-1"]},
            ),
            draft("e", deliverable_id="D-1"),
        ]
    )
    assert [e.idempotency_key for e in ledger.of_deliverable("D-1")] == ["a", "d", "e"]
    assert [e.idempotency_key for e in ledger.of_deliverable("D-2")] == ["b", "d"]
    assert ledger.of_deliverable("D-3") == []
    assert [e.idempotency_key for e in ledger.of_client("acme")] == ["a", "c", "d", "e"]


def test_a_timeline_is_found_by_index_however_long_the_trail(ledger: Ledger, draft: Make, database: Database) -> None:
    ledger.append([draft(f"k{n}", deliverable_id=f"D-{n}") for n in range(3000)])
    statements: list[str] = []
    engine = database.engine(Role.owner)
    with engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE ledger.event")
        sa.event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
        Ledger(engine).of_deliverable("D-5")
        binds = {"deliverable_id_1": "D-5", "deliverable_id_2": "D-5"}
        plan = "\n".join(connection.exec_driver_sql(f"EXPLAIN {statements[0]}", binds).scalars())
    assert "event_of_deliverable" in plan
    assert "Seq Scan on event " not in plan


def test_a_reader_that_follows_the_head_never_skips_a_committed_event(ledger: Ledger, draft: Make) -> None:
    writers, batches = 4, 15
    together = Barrier(writers + 1)

    def write(writer: int) -> None:
        together.wait()
        for batch in range(batches):
            ledger.append([draft(f"{writer}/{batch}/{n}") for n in range(1 + batch % 5)])

    with ThreadPoolExecutor(writers) as pool:
        running = [pool.submit(write, writer) for writer in range(writers)]
        together.wait()
        seen, position, done = [], None, False
        while not done:
            done = all(future.done() for future in running)  # asked before the read: the last read sees the rest
            while events := ledger.read(after=position, limit=7):
                seen += [event.idempotency_key for event in events]
                position = events[-1].position
        for future in running:
            future.result()
    expected = {f"{w}/{b}/{n}" for w in range(writers) for b in range(batches) for n in range(1 + b % 5)}
    assert len(seen) == len(expected)
    assert set(seen) == expected


CHANGES = [
    f"{change} {table} {rest}"
    for table in ("ledger.event", "ledger.event_subject")
    for change, rest in (("UPDATE", "SET event_id = gen_random_uuid()"), ("DELETE FROM", ""), ("TRUNCATE", "CASCADE"))
]


@pytest.mark.parametrize("role", [Role.writer, Role.folder, Role.reader, Role.owner])
def test_nobody_changes_what_is_kept(ledger: Ledger, draft: Make, database: Database, role: Role) -> None:
    payload = {"sitemap_url": "https://www.acme.example/sitemap.xml", "deliverable_ids": ["D-1"]}
    ledger.append([draft("k", event_type="sitemap.submitted", deliverable_id=None, payload=payload)])
    before = ledger.read()
    refused = "append-only" if role is Role.owner else "permission denied"
    for change in CHANGES:
        with database.engine(role).connect() as connection, pytest.raises(sa.exc.DBAPIError, match=refused):
            connection.exec_driver_sql(change)
    assert ledger.read() == before == ledger.of_deliverable("D-1")


def test_the_refusal_holds_in_a_replication_session_too(ledger: Ledger, draft: Make, database: Database) -> None:
    ledger.append([draft("k")])
    with database.engine(Role.owner).connect() as connection:
        always = connection.exec_driver_sql(
            "SELECT tgrelid::regclass::text, count(*) FROM pg_trigger WHERE tgenabled = 'A' GROUP BY 1 ORDER BY 1"
        )
        assert [tuple(row) for row in always] == [("ledger.event", 2), ("ledger.event_subject", 2)]
