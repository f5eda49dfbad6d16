"""At stake: an hour of retries for a password that is wrong, or giving up on a server that only restarts."""

from __future__ import annotations

import psycopg
import pytest

from delivery_ops.database.unreachable import LoginRefused, unreachable
from delivery_ops.errors import Transient

# As PostgreSQL 18 says them (src/backend/libpq/auth.c, src/backend/utils/init), behind libpq's own beginning.
REFUSED = [
    'FATAL:  password authentication failed for user "boots"',
    'FATAL:  role "boots" does not exist',
    'FATAL:  role "boots" is not permitted to log in',
    'FATAL:  database "boots" does not exist',
    'FATAL:  no pg_hba.conf entry for host "10.0.0.1", user "boots", database "boots", no encryption',
    'FATAL:  permission denied for database "boots"',
]
AWAY = [
    "Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?",
    "FATAL:  the database system is starting up",
    "FATAL:  the database system is shutting down",
    "FATAL:  sorry, too many clients already",
    "server closed the connection unexpectedly",
    'could not translate host name "db.example" to address: Temporary failure in name resolution',
]


@pytest.mark.parametrize(
    ("said", "family"), [*((said, LoginRefused) for said in REFUSED), *((said, Transient) for said in AWAY)]
)
def test_who_is_refused_need_not_try_again(said: str, family: type[Exception]) -> None:
    error = psycopg.OperationalError(
        f'connection failed: connection to server at "127.0.0.1", port 5432 failed: {said}'
    )
    assert type(unreachable(error, "asking", subject="it", away="Wait.")) is family
