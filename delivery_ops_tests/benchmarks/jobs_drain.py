"""How fast queued jobs are worked off, beside the bare statement that any queue on PostgreSQL must run per job.

Both sides are two processes with a connection each, on tables of the same rows. The floor takes one row per statement
and commits each; it has no threads, no leases and no outcomes to store.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from time import monotonic

import psycopg
import sqlalchemy as sa

from delivery_ops import clock
from delivery_ops.database.database import Database
from delivery_ops.database.roles import Role
from delivery_ops.jobs.pool import Work, drain
from delivery_ops.jobs.queue import JobQueue, enqueue_all
from delivery_ops.jobs.records import Done, Job, NewJob
from delivery_ops_tests.benchmarks.measure import Row, beside, embedded_database

JOBS = 10_000
WORKERS = 2

_MAKE_BARE = """
    CREATE TABLE ops.bare (
        job_id bigint PRIMARY KEY, kind text, key text, payload jsonb, due_at timestamptz, done boolean,
        UNIQUE (kind, key)
    );
    CREATE INDEX ON ops.bare (kind, due_at) WHERE NOT done
"""
_FILL_BARE = """
    INSERT INTO ops.bare
    SELECT number, 'bench', number::text, jsonb_build_object('number', number), now(), false
    FROM generate_series(1, %(jobs)s) AS number
"""
_TAKE_BARE = """
    UPDATE ops.bare SET done = true
    WHERE job_id = (
        SELECT job_id FROM ops.bare WHERE kind = 'bench' AND NOT done AND due_at <= now()
        ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    RETURNING payload
"""

Span = tuple[float, float, int]
"""When a worker began and ended, on the machine's monotonic clock, and how many jobs it did."""

_url: str
_together: Barrier


def rows() -> list[Row]:
    """The one row."""
    with embedded_database() as database:
        folder = database.engine(Role.folder)
        with folder.begin() as connection:
            connection.exec_driver_sql(_MAKE_BARE)
        url = folder.url.render_as_string(hide_password=False)
        context = get_context("spawn")
        together = context.Barrier(WORKERS)
        with ProcessPoolExecutor(WORKERS, mp_context=context, initializer=_begin, initargs=(url, together)) as workers:
            return [
                beside(
                    f"{JOBS:,} queued jobs drain, empty handler, {WORKERS} workers",
                    lambda: _rate(workers, lambda: _fill(database), _drain_ours),
                    peer_name="UPDATE … SKIP LOCKED … RETURNING, a row and a commit each",
                    peer=lambda: _rate(workers, lambda: _fill_bare(database), _drain_bare),
                    unit="jobs/s",
                    target=0.5,
                )
            ]


def _rate(workers: ProcessPoolExecutor, fill: Callable[[], None], work: Callable[[], Span]) -> float:
    fill()
    spans = [future.result() for future in [workers.submit(work) for _ in range(WORKERS)]]
    done = sum(count for _, _, count in spans)
    if done != JOBS:
        msg = f"{done} jobs were done instead of {JOBS}"
        raise AssertionError(msg)
    return JOBS / (max(end for _, end, _ in spans) - min(begin for begin, _, _ in spans))


def _fill(database: Database) -> None:
    with database.engine(Role.owner).begin() as connection:
        connection.exec_driver_sql("TRUNCATE ops.job")
    now = clock.now()
    jobs = [NewJob(kind="bench", key=str(number), payload={"number": number}, due_at=now) for number in range(JOBS)]
    with database.engine(Role.folder).begin() as connection:
        enqueue_all(connection, jobs)
    _vacuum(database, Role.owner, "VACUUM ANALYZE ops.job")


def _fill_bare(database: Database) -> None:
    with database.engine(Role.folder).begin() as connection:
        connection.exec_driver_sql("TRUNCATE ops.bare")
        connection.exec_driver_sql(_FILL_BARE, {"jobs": JOBS})
    _vacuum(database, Role.folder, "VACUUM ANALYZE ops.bare")


def _vacuum(database: Database, role: Role, statement: str) -> None:
    with database.engine(role).execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql(statement)


def _begin(url: str, together: Barrier) -> None:
    global _url, _together
    _url, _together = url, together


def _drain_ours() -> Span:
    engine = sa.create_engine(_url, pool_pre_ping=True)
    queue = JobQueue(engine)
    queue.has_due(["bench"])  # connect before the clock runs
    _together.wait()
    begin = monotonic()
    tally = drain(queue, {"bench": Work(handle=_nothing)})
    end = monotonic()
    engine.dispose()
    return begin, end, tally["done"]


def _nothing(_: Job) -> Done:
    return Done()


def _drain_bare() -> Span:
    address = sa.make_url(_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        _together.wait()
        begin = monotonic()
        done = 0
        while connection.execute(_TAKE_BARE).fetchone():
            done += 1
        return begin, monotonic(), done
