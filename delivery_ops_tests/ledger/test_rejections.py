"""At stake: input that is lost, or a source that repeats itself and fills the disk."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa

from delivery_ops.database.database import Database
from delivery_ops.database.roles import Role
from delivery_ops.errors import Rejected
from delivery_ops.ledger.ledger import Ledger
from delivery_ops.ledger.rejections import Rejection


def rejection(body: bytes, *, code: str = "malformed_json", origin: str = "a.ndjson, line 1") -> Rejection:
    return Rejection(source="a.ndjson", body=body, code=code, reason="because", origin=origin)


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
