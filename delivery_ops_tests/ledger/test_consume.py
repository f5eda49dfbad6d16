"""At stake: a fold that counts an event twice, or never, because something died at the wrong moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from delivery_ops.contracts.envelope import EventDraft, RecordedEvent
from delivery_ops.database.database import Database
from delivery_ops.database.roles import Role
from delivery_ops.errors import Transient
from delivery_ops.ledger import consume
from delivery_ops.ledger.consume import Consumer, catch_up, rebuild
from delivery_ops.ledger.ledger import Ledger

Make = Callable[..., EventDraft]


@pytest.fixture
def engine(database: Database) -> Engine:
    """As the folder, who owns the fold ``ops.seen``: one row for every time an event was applied."""
    engine = database.engine(Role.folder)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE ops.seen (consumer text, position bigint, nth bigserial)")
    return engine


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consume, "BATCH", 10)


def fold(name: str, *, then: Callable[[Connection], None] = lambda _: None) -> Consumer:
    """A consumer that writes down every event it is given; ``then`` happens after the writing, before the commit."""

    def apply(connection: Connection, events: Sequence[RecordedEvent]) -> None:
        rows = [{"consumer": name, "position": event.position} for event in events]
        connection.execute(sa.text("INSERT INTO ops.seen VALUES (:consumer, :position)"), rows)
        then(connection)

    def reset(connection: Connection) -> None:
        connection.execute(sa.text("DELETE FROM ops.seen WHERE consumer = :name"), {"name": name})

    return Consumer(name, apply, reset)


def seen(engine: Engine, name: str) -> list[int]:
    query = sa.text("SELECT position FROM ops.seen WHERE consumer = :name ORDER BY nth")
    with engine.connect() as connection:
        return list(connection.execute(query, {"name": name}).scalars())


def positions(ledger: Ledger) -> list[int]:
    return [event.position for event in ledger.read(limit=10_000)]


def test_every_event_is_applied_once_and_in_order(ledger: Ledger, draft: Make, engine: Engine) -> None:
    ledger.append([draft(f"a{n}") for n in range(2500)])
    assert catch_up(engine, [fold("one")]) == {"one": 2500}
    ledger.append([draft(f"b{n}") for n in range(3)])
    assert catch_up(engine, [fold("one"), fold("two")]) == {"one": 3, "two": 2503}
    assert catch_up(engine, [fold("one"), fold("two")]) == {"one": 0, "two": 0}
    assert seen(engine, "one") == seen(engine, "two") == positions(ledger)


def test_an_empty_ledger_is_caught_up_with(ledger: Ledger, engine: Engine) -> None:
    assert catch_up(engine, [fold("one")]) == {"one": 0}


@pytest.mark.usefixtures("small_batches")
def test_a_fold_that_fails_in_the_third_batch_goes_on_from_there(ledger: Ledger, draft: Make, engine: Engine) -> None:
    ledger.append([draft(f"k{n}") for n in range(45)])
    calls: list[int] = []

    def fail_once(_: Connection) -> None:
        calls.append(1)
        if len(calls) == 3:
            raise RuntimeError("between apply and commit")

    consumer = fold("one", then=fail_once)
    with pytest.raises(RuntimeError):
        catch_up(engine, [consumer])
    assert seen(engine, "one") == positions(ledger)[:20]
    assert catch_up(engine, [consumer]) == {"one": 25}
    assert seen(engine, "one") == positions(ledger)


@pytest.mark.usefixtures("small_batches")
def test_a_connection_killed_between_apply_and_commit_leaves_no_event_applied_twice(
    ledger: Ledger, draft: Make, engine: Engine
) -> None:
    ledger.append([draft(f"k{n}") for n in range(25)])
    killed: list[int] = []

    def kill_once(connection: Connection) -> None:
        if len(seen_here := seen_in(connection)) == 20 and not killed:
            killed.extend(seen_here)
            pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
            with engine.connect() as other:
                other.execute(sa.text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})

    def seen_in(connection: Connection) -> list[int]:
        return list(connection.exec_driver_sql("SELECT position FROM ops.seen").scalars())

    consumer = fold("one", then=kill_once)
    with pytest.raises(Transient):
        catch_up(engine, [consumer])
    assert len(killed) == 20
    assert seen(engine, "one") == positions(ledger)[:10]
    catch_up(engine, [consumer])
    assert seen(engine, "one") == positions(ledger)


@pytest.mark.usefixtures("small_batches")
def test_four_that_catch_up_at_once_apply_each_event_once(ledger: Ledger, draft: Make, engine: Engine) -> None:
    ledger.append([draft(f"k{n}") for n in range(155)])
    together = Barrier(4)

    def work(_: int) -> int:
        together.wait()
        return catch_up(engine, [fold("one")])["one"]

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 155
    assert seen(engine, "one") == positions(ledger)


@pytest.mark.usefixtures("small_batches")
def test_a_rebuilt_fold_is_computed_from_the_first_event(ledger: Ledger, draft: Make, engine: Engine) -> None:
    ledger.append([draft(f"k{n}") for n in range(33)])
    catch_up(engine, [fold("one"), fold("two")])
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE ops.seen SET position = -1 WHERE consumer = 'one'")
    assert rebuild(engine, fold("one")) == 33
    assert seen(engine, "one") == seen(engine, "two") == positions(ledger)
    assert catch_up(engine, [fold("one")]) == {"one": 0}


@pytest.mark.usefixtures("small_batches")
def test_readers_see_the_old_fold_until_the_rebuild_is_complete(ledger: Ledger, draft: Make, engine: Engine) -> None:
    ledger.append([draft(f"k{n}") for n in range(33)])
    catch_up(engine, [fold("one")])
    observed: list[int] = []
    rebuild(engine, fold("one", then=lambda _: observed.append(len(seen(engine, "one")))))
    assert observed == [33, 33, 33, 33]


@pytest.mark.usefixtures("small_batches")
def test_a_rebuild_that_fails_leaves_the_fold_as_it_was(ledger: Ledger, draft: Make, engine: Engine) -> None:
    ledger.append([draft(f"k{n}") for n in range(15)])
    catch_up(engine, [fold("one")])

    def fail(_: Connection) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        rebuild(engine, fold("one", then=fail))
    assert seen(engine, "one") == positions(ledger)
    ledger.append([draft("new")])
    assert catch_up(engine, [fold("one")]) == {"one": 1}
