"""Threads that work jobs off a real queue. At stake: too many at once, a long job taken away from its living worker, a
result lost while the database is away, a loop that never ends or never looks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from threading import Barrier, Event, Lock, Semaphore, Thread
from time import monotonic
from typing import Any

import pytest
import sqlalchemy as sa
from psycopg.sql import SQL, Identifier, Literal

from delivery_ops.errors import Permanent, Transient
from delivery_ops.jobs.pool import Work, drain, run
from delivery_ops.jobs.queue import JobQueue
from delivery_ops.jobs.records import Again, Done, Job
from delivery_ops.jobs.retry import RetryPolicy
from delivery_ops_tests.conditions import until
from delivery_ops_tests.conftest import SharedServer
from delivery_ops_tests.jobs.conftest import LONG, NOON, Queued

IDLE = timedelta(milliseconds=10)
HOUR = timedelta(hours=1)
PATIENCE = 30.0  # seconds after which a test that waits has failed


class Seen:
    """A handler that writes down what it was given, does ``then``, and says it is done."""

    def __init__(self, then: Callable[[Job], Any] = lambda _: None) -> None:
        self.keys: list[str] = []
        self._then = then

    def __call__(self, job: Job) -> Done | Again:
        self.keys.append(job.key)
        ending = self._then(job)
        return ending if isinstance(ending, Again) else Done()


def failing(error: BaseException) -> Seen:
    def fail(_: Job) -> None:
        raise error

    return Seen(fail)


@contextmanager
def running(queued: Queued, works: dict[str, Work], *, lease: timedelta = LONG) -> Iterator[Event]:
    """``run`` on a thread of its own; yields its stop."""
    stop = Event()
    with ThreadPoolExecutor(1) as threads:
        ended = threads.submit(run, queued.queue, works, stop=stop, idle=IDLE, lease=lease)
        try:
            yield stop
        finally:
            stop.set()
            ended.result(PATIENCE)


def test_everything_due_is_done_once_also_what_a_handler_asks_for(queued: Queued) -> None:
    for number in range(50):
        queued.ask(f"a{number}")
    ask_next = Seen(lambda job: queued.ask(job.key, kind="then"))
    then = Seen()
    tally = drain(queued.queue, {"look": Work(handle=ask_next), "then": Work(handle=then)}, idle=IDLE)
    assert tally == {"done": 100}
    assert sorted(ask_next.keys) == sorted(then.keys) == sorted(f"a{number}" for number in range(50))
    assert queued.count("outcome = 'done'") == 100


def test_kinds_nobody_here_knows_are_left_alone(queued: Queued) -> None:
    queued.ask("a", kind="other")
    assert drain(queued.queue, {"look": Work(handle=Seen())}) == {}
    assert queued.row("a", "other")["attempts"] == 0


def test_nothing_is_begun_before_its_time(frozen: Queued) -> None:
    frozen.ask("timer", due_at=NOON + 24 * HOUR)
    fire = Seen()
    works = {"look": Work(handle=fire)}
    assert drain(frozen.queue, works) == {}
    frozen.freeze(NOON + 24 * HOUR)
    assert drain(frozen.queue, works) == {"done": 1}
    assert fire.keys == ["timer"]


def test_a_kind_runs_as_many_at_once_as_it_may_and_no_more(queued: Queued) -> None:
    for number in range(12):
        queued.ask(str(number))
    all_three = Barrier(3)  # breaks unless three run at once
    lock, now, most = Lock(), [0], [0]

    def together(_: Job) -> None:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        all_three.wait(PATIENCE)
        with lock:
            now[0] -= 1

    drain(queued.queue, {"look": Work(handle=Seen(together), at_once=3)}, idle=IDLE)
    assert most == [3]


class CallsSeen(JobQueue):
    """Lets a test wait until the loop has looked for jobs of ``kind``, or has renewed leases."""

    def __init__(self, queued: Queued, kind: str = "look") -> None:
        super().__init__(queued.engine)
        self._kind = kind
        self.claims, self.renewals = Semaphore(0), Semaphore(0)

    def claim(self, kind: str, limit: int, **how: Any) -> list[Job]:
        jobs = super().claim(kind, limit, **how)
        if kind == self._kind:
            self.claims.release()
        return jobs

    def renew(self, jobs: Sequence[Job], lease: timedelta) -> list[Job]:
        lost = super().renew(jobs, lease)
        if jobs:
            self.renewals.release()
        return lost


def waited_for(semaphore: Semaphore, times: int) -> bool:
    return all(semaphore.acquire(timeout=PATIENCE) for _ in range(times))


def test_a_worker_holds_no_more_than_it_runs_however_often_it_looks(queued: Queued) -> None:
    for number in range(5):
        queued.ask(str(number))
    queue = CallsSeen(queued, "poll")
    held: list[int] = []

    def handle(_: Job) -> None:
        assert waited_for(queue.claims, 3)
        held.append(queued.count("leased_until IS NOT NULL"))

    drain(queue, {"look": Work(handle=Seen(handle), at_once=1), "poll": Work(handle=Seen())}, idle=IDLE)
    assert held == [1] * 5


def test_a_backlog_is_worked_off_without_idle_time(queued: Queued) -> None:
    for number in range(10):
        queued.ask(str(number))
    idle = timedelta(seconds=5)
    begun = monotonic()
    drain(queued.queue, {"look": Work(handle=Seen(), at_once=1)}, idle=idle)
    assert monotonic() - begun < idle.total_seconds()  # nine times as long where each job waits for the next look


def test_two_workers_share_what_is_due(queued: Queued) -> None:
    for number in range(10):
        queued.ask(str(number))
    both = Barrier(2)  # breaks unless one of each is at work
    handlers = [Seen(lambda _: both.wait(PATIENCE)) for _ in range(2)]
    with ThreadPoolExecutor(2) as workers:
        list(workers.map(lambda one: drain(queued.queue, {"look": Work(handle=one, at_once=1)}, idle=IDLE), handlers))
    assert [len(one.keys) for one in handlers] == [5, 5]
    assert len({key for one in handlers for key in one.keys}) == 10


def test_one_kinds_backlog_keeps_no_other_kind_waiting(queued: Queued) -> None:
    queued.ask("endless")
    handle = Seen(lambda job: Again(due_at=job.due_at))
    at_work = Event()
    with running(queued, {"look": Work(handle=handle), "poll": Work(handle=Seen(lambda _: at_work.set()))}):
        queued.ask("late", kind="poll")
        assert at_work.wait(PATIENCE)


def test_handlers_run_outside_any_transaction(queued: Queued) -> None:
    queued.ask("a")
    open_transactions: list[int] = []

    def look(_: Job) -> None:
        query = sa.text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND xact_start IS NOT NULL AND usename = current_user"
        )
        with queued.engine.connect() as connection:
            open_transactions.append(connection.execute(query).scalar_one())

    drain(queued.queue, {"look": Work(handle=Seen(look))}, idle=HOUR)
    assert open_transactions == [0]


def test_a_job_that_may_succeed_later_is_tried_until_it_is_given_up(frozen: Queued) -> None:
    frozen.ask("a")
    policy = RetryPolicy(attempts=3, first=timedelta(minutes=10))
    works = {"look": Work(handle=failing(Transient("asking", subject="x", cause="\0", remedy="Wait.")), policy=policy)}
    assert drain(frozen.queue, works) == {"retry": 1}
    row = frozen.row("a")
    assert NOON <= row["due_at"] <= NOON + timedelta(minutes=10)
    assert row["reason"] == "Transient: asking: x: \N{REPLACEMENT CHARACTER}. Wait."
    assert drain(frozen.queue, works) == {}  # time stands still: the wait does not end
    frozen.freeze(NOON + HOUR)
    assert drain(frozen.queue, works) == {"retry": 1}
    frozen.freeze(NOON + 2 * HOUR)
    assert drain(frozen.queue, works) == {"dead": 1}
    [dead] = frozen.queue.dead()
    assert (dead.key, dead.attempts, dead.ended_at) == ("a", 3, NOON + 2 * HOUR)
    frozen.queue.redrive([dead.job_id])
    assert drain(frozen.queue, {"look": Work(handle=Seen())}) == {"done": 1}


def test_what_trying_again_cannot_change_is_given_up_and_stops_no_other(queued: Queued) -> None:
    for key in ("bad", "good"):
        queued.ask(key)

    def handle(job: Job) -> Done:
        if job.key == "bad":
            raise Permanent("asking", subject="x", cause="no such page", remedy="Correct it.")
        return Done()

    assert drain(queued.queue, {"look": Work(handle=handle)}) == {"done": 1, "dead": 1}
    assert [dead.reason for dead in queued.queue.dead()] == ["Permanent: asking: x: no such page. Correct it."]


@pytest.mark.parametrize("error", [ZeroDivisionError("ours"), SystemExit(1)])
def test_a_defect_of_ours_is_told_with_its_trace_and_retried(
    frozen: Queued, caplog: pytest.LogCaptureFixture, error: BaseException
) -> None:
    frozen.ask("a")
    assert drain(frozen.queue, {"look": Work(handle=failing(error))}) == {"retry": 1}
    [told] = caplog.records
    assert told.getMessage() == "look a failed"
    assert told.exc_info is not None
    assert told.exc_info[1] is error


def test_a_failure_of_a_known_family_is_stored_and_not_shouted(
    frozen: Queued, caplog: pytest.LogCaptureFixture
) -> None:
    frozen.ask("a")
    drain(frozen.queue, {"look": Work(handle=failing(Transient("asking", subject="x", cause="y", remedy="z")))})
    assert caplog.records == []


def test_a_source_polled_for_ever_is_one_job(frozen: Queued) -> None:
    frozen.ask("cms", payload={"looks": 0})

    def poll(job: Job) -> Again:
        return Again(due_at=job.due_at + HOUR, payload={"looks": job.payload["looks"] + 1})

    works = {"look": Work(handle=poll, policy=RetryPolicy(attempts=2))}
    for hours in range(5):  # more looks than a failing job has attempts
        frozen.freeze(NOON + hours * HOUR)
        assert drain(frozen.queue, works) == {"again": 1}
    assert frozen.row("cms")["payload"] == {"looks": 5}


def test_what_a_vanished_worker_held_is_done_when_its_lease_runs_out(queued: Queued) -> None:
    for key in ("a", "b"):
        queued.ask(key)
    queued.claim(owner="vanished", lease=timedelta(milliseconds=300))
    handle = Seen()
    assert drain(queued.queue, {"look": Work(handle=handle)}, idle=IDLE) == {"done": 2}
    assert sorted(handle.keys) == ["a", "b"]
    assert queued.row("a")["attempts"] == 2


def test_a_job_that_kills_its_workers_is_given_up_unrun(queued: Queued) -> None:
    for key in ("deadly", "innocent"):
        queued.ask(key)
    for _ in range(2):
        queued.claim(1, lease=timedelta())
    handle = Seen()
    works = {"look": Work(handle=handle, policy=RetryPolicy(attempts=2))}
    assert drain(queued.queue, works, idle=IDLE) == {"done": 1, "dead": 1}
    assert handle.keys == ["innocent"]
    assert "vanished during attempt 2" in queued.row("deadly")["reason"]


def test_a_long_jobs_lease_is_renewed_while_it_runs(queued: Queued) -> None:
    queued.ask("long")
    queue = CallsSeen(queued)
    may_end = Event()
    handle = Seen(lambda _: may_end.wait(PATIENCE))
    ended: list[Any] = []

    def work() -> None:
        ended.append(drain(queue, {"look": Work(handle=handle)}, idle=HOUR, lease=timedelta(seconds=1)))

    worker = Thread(target=work)
    worker.start()
    assert waited_for(queue.renewals, 4)  # a third of a second each: the first lease is over
    assert queued.claim() == []
    may_end.set()
    worker.join(PATIENCE)
    assert ended == [{"done": 1}]
    assert handle.keys == ["long"]


def test_a_result_that_comes_too_late_is_refused(queued: Queued, caplog: pytest.LogCaptureFixture) -> None:
    queued.ask("a")

    def lose_the_lease(_: Job) -> None:
        queued.let_leases_run_out()
        [holder] = queued.claim(owner="another")
        queued.queue.settle([(holder, Again(due_at=NOON + 99_999 * HOUR))])

    assert drain(queued.queue, {"look": Work(handle=Seen(lose_the_lease))}, idle=HOUR) == {}
    assert [record.getMessage() for record in caplog.records] == ["look a ended here after another had begun it"]
    assert queued.row("a")["outcome"] is None


def test_a_stopped_worker_ends_what_it_runs_and_begins_nothing_more(queued: Queued) -> None:
    for key in ("a", "b"):
        queued.ask(key)
    at_work, may_end = Event(), Event()

    def handle(_: Job) -> None:
        at_work.set()
        may_end.wait(PATIENCE)

    with running(queued, {"look": Work(handle=Seen(handle), at_once=1)}) as stop:
        assert at_work.wait(PATIENCE)
        stop.set()
        may_end.set()
    assert (queued.row("a")["outcome"], queued.row("b")["attempts"]) == ("done", 0)


@contextmanager
def unreachable(queued: Queued, server: SharedServer) -> Iterator[None]:
    """The database takes no connection and has lost those it had."""
    name = Identifier(str(queued.engine.url.database))
    server.administer(SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
    ended = SQL("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = {}")
    server.administer(ended.format(Literal(queued.engine.url.database)))
    try:
        yield
    finally:
        server.administer(SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))


def test_a_result_waits_until_the_database_is_back(
    queued: Queued, shared_server: SharedServer, caplog: pytest.LogCaptureFixture
) -> None:
    queued.ask("a")
    at_work, may_end, told = Event(), Event(), Event()

    def handle(_: Job) -> None:
        at_work.set()
        may_end.wait(PATIENCE)

    class Telling(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told.set()

    logger = logging.getLogger("delivery_ops.jobs.pool")
    logger.addHandler(telling := Telling())
    seen = Seen(handle)
    try:
        with running(queued, {"look": Work(handle=seen)}):
            assert at_work.wait(PATIENCE)
            with unreachable(queued, shared_server):
                may_end.set()
                assert told.wait(PATIENCE)
            queued.ask("b")
            until(lambda: not queued.queue.still_open("look", ["a", "b"]), within=PATIENCE, what="both are done")
    finally:
        logger.removeHandler(telling)
    assert seen.keys == ["a", "b"]
    assert queued.row("a")["attempts"] == 1


def test_draining_says_so_when_the_database_is_away(queued: Queued, shared_server: SharedServer) -> None:
    queued.ask("a")
    with unreachable(queued, shared_server), pytest.raises(Transient, match="using the database"):
        drain(queued.queue, {"look": Work(handle=Seen())})
