"""At stake: input that is lost, or a source that repeats itself and fills the disk."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import sqlalchemy as sa

from delivery_ops.contracts.envelope import EventDraft
from delivery_ops.database.database import Database
from delivery_ops.database.roles import Role
from delivery_ops.errors import Rejected
from delivery_ops.ledger.ledger import Ledger
from delivery_ops.ledger.rejections import Rejection, Standing, standing


def rejection(body: bytes, *, code: str = "malformed_json", origin: str = "a.ndjson, line 1", **more: Any) -> Rejection:
    return Rejection(
        **{"source": "a.ndjson", "body": body, "code": code, "reason": "because", "origin": origin, **more}
    )


def stored(database: Database) -> list[tuple[bytes, str, int, str]]:
    query = sa.text("SELECT body, code, times_seen, origin FROM ops.rejected ORDER BY body, code")
    with database.engine(Role.reader).connect() as connection:
        return [(bytes(body), code, times, origin) for body, code, times, origin in connection.execute(query)]


def test_bytes_are_kept_once_for_each_reason(ledger: Ledger, database: Database) -> None:
    ledger.reject([rejection(b"\x00\xff"), rejection(b"{"), rejection(b"\x00\xff", code="other")])
    ledger.reject([rejection(b"{", origin="a.ndjson, line 9"), rejection(b"{", origin="a.ndjson, line 12")])
    assert stored(database) == [
        (b"\x00\xff", "malformed_json", 1, "a.ndjson, line 1"),
        (b"\x00\xff", "other", 1, "a.ndjson, line 1"),
        (b"{", "malformed_json", 3, "a.ndjson, line 12"),
    ]


def test_nothing_rejected_is_nothing_stored(ledger: Ledger, database: Database) -> None:
    ledger.reject([])
    assert stored(database) == []


def test_two_that_reject_the_same_things_in_opposite_order_both_succeed(ledger: Ledger, database: Database) -> None:
    things = [rejection(b"%d" % n) for n in range(300)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(ledger.reject, [things, things[::-1]] * 6))
    assert {times for _, _, times, _ in stored(database)} == {12}


def test_a_reason_of_any_length_is_stored(ledger: Ledger, database: Database) -> None:
    error = Rejected("reading", subject="a", cause="x" * 10_000, remedy="Do.", code="long")
    ledger.reject([Rejection.of(error, source="s", body=b"", origin="o")])
    with database.engine(Role.reader).connect() as connection:
        assert connection.exec_driver_sql("SELECT length(reason) FROM ops.rejected").scalar_one() == 2000


def stand(database: Database, *, source: str | None = None, limit: int = 100) -> tuple[list[Standing], int]:
    with database.engine(Role.reader).connect() as connection:
        return standing(connection, source=source, limit=limit)


def origins(database: Database, **asked: Any) -> list[str]:
    return [one.origin for one in stand(database, **asked)[0]]


def test_what_stands_is_told_with_source_place_key_reason_and_time(
    ledger: Ledger, database: Database, draft: Callable[..., EventDraft]
) -> None:
    ledger.reject([rejection(b"{"), rejection(b"{")])
    ledger.append([draft("k", payload={})])
    [of_file, of_event], number = stand(database)
    assert number == 2
    assert (of_file.source, of_file.origin, of_file.idempotency_key) == ("a.ndjson", "a.ndjson, line 1", None)
    assert (of_file.code, of_file.reason, of_file.times_seen) == ("malformed_json", "because", 2)
    assert (of_event.source, of_event.origin, of_event.idempotency_key) == ("cms", "append", "k")
    assert of_event.reason == "payload.url is missing"
    assert of_event.last_seen_at >= of_file.last_seen_at


def test_an_event_stands_refused_until_its_key_is_kept(
    ledger: Ledger, database: Database, draft: Callable[..., EventDraft]
) -> None:
    ledger.append([draft("held"), draft("corrected", payload={}), draft("never", payload={})])
    ledger.append([draft("corrected"), draft("held", payload={})])  # held: kept before, so this one is refused for good
    assert {one.idempotency_key for one in stand(database)[0]} == {"never", "held"}


def test_a_row_stands_refused_until_a_complete_load_no_longer_meets_it(ledger: Ledger, database: Database) -> None:
    one, two, of_another = (
        rejection(b"1", origin="1"),
        rejection(b"2", origin="2"),
        rejection(b"1", source="b", origin="b"),
    )
    ledger.reject([one, two], load_id="first")
    ledger.reject([of_another], load_id="other")
    ledger.reject([rejection(b"e", origin="e")])  # an event's line, under a source of the same name
    ledger.replace_rejections("a.ndjson", "first")
    assert set(origins(database)) == {"1", "2", "e", "b"}
    ledger.reject([two], load_id="second")
    assert set(origins(database)) == {"1", "2", "e", "b"}  # the load is not complete yet
    ledger.replace_rejections("a.ndjson", "second")
    assert set(origins(database)) == {"2", "e", "b"}
    ledger.reject([one], load_id="third")
    assert set(origins(database)) == {"1", "2", "e", "b"}


def test_one_source_and_a_limit_can_be_asked_for_and_the_number_of_all_is_told(
    ledger: Ledger, database: Database
) -> None:
    ledger.reject([rejection(b"%d" % n, origin=f"a, line {n}") for n in range(12)] + [rejection(b"x", source="b")])
    found, number = stand(database, source="a.ndjson", limit=3)
    assert ([one.origin for one in found], number) == (["a, line 0", "a, line 1", "a, line 2"], 12)
    assert stand(database, source="nobody") == ([], 0)
