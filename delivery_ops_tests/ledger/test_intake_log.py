"""At stake: what arrived told twice, as if it were news, or never, because the run that had counted it failed."""

from __future__ import annotations

from delivery_ops.database.database import Database
from delivery_ops.database.roles import Role
from delivery_ops.ledger import intake_log
from delivery_ops.ledger.balance import Balance
from delivery_ops.ledger.ledger import Ledger

FIRST, SECOND, THIRD = (
    Balance(received=3, kept=2, rejected=1),
    Balance(received=2, duplicate=2),
    Balance(received=1, conflict=1),
)


def count(database: Database, run_id: str) -> Balance:
    with database.engine(Role.writer).begin() as connection:
        return intake_log.count(connection, run_id)


def tell(database: Database, run_id: str) -> None:
    with database.engine(Role.writer).begin() as connection:
        intake_log.tell(connection, run_id)


def test_a_run_tells_what_arrived_since_the_last_report(ledger: Ledger, database: Database) -> None:
    ledger.log_intake("a.ndjson", FIRST)
    ledger.log_intake("b.ndjson", SECOND)
    assert count(database, "run-1") == FIRST + SECOND
    ledger.log_intake("c.ndjson", THIRD)  # while the run goes on
    tell(database, "run-1")
    assert count(database, "run-2") == THIRD
    tell(database, "run-2")
    assert count(database, "run-3") == Balance()


def test_what_a_run_without_a_report_had_counted_the_next_one_counts_again(ledger: Ledger, database: Database) -> None:
    ledger.log_intake("a.ndjson", FIRST)
    assert count(database, "failed") == count(database, "failed") == FIRST
    assert count(database, "next") == FIRST
    tell(database, "failed")  # counts nothing any more
    assert count(database, "next") == FIRST
