"""The table of jobs on a real server. At stake: a job lost, done twice with effect, or held by the dead for ever."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import sqlalchemy as sa

from delivery_ops import clock
from delivery_ops.database.roles import Role
from delivery_ops.jobs.queue import JobQueue, enqueue, enqueue_all
from delivery_ops.jobs.records import Again, Dead, Done, Ending, Job, NewJob, Retry
from delivery_ops_tests.jobs.conftest import LONG, NOON, Queued

HOUR = timedelta(hours=1)
ENDINGS: list[Ending] = [
    Done(),
    Again(due_at=NOON),
    Retry(due_at=NOON, reason="no answer"),
    Dead(reason="no such page"),
]


def keys(jobs: list[Job]) -> list[str]:
    return [job.key for job in jobs]


def test_a_job_is_there_exactly_if_the_transaction_that_asked_for_it_commits(queued: Queued) -> None:
    with queued.engine.connect() as connection:
        assert enqueue(connection, "look", "a", {"url": "https://acme.example/"}, due_at=NOON)
        connection.rollback()
    assert queued.claim() == []
    assert queued.ask("a", payload={"url": "https://acme.example/"})
    [job] = queued.claim()
    assert job == Job(
        job_id=job.job_id,
        kind="look",
        key="a",
        payload={"url": "https://acme.example/"},
        due_at=NOON,
        attempts=1,
        lease_epoch=1,
    )


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: type(ending).__name__)
def test_a_key_stays_taken_whatever_became_of_the_job(queued: Queued, ending: Ending) -> None:
    assert queued.ask("a", payload={"first": True})
    assert not queued.ask("a")
    [job] = queued.claim()
    assert not queued.ask("a")
    assert queued.queue.settle([(job, ending)]) == []
    assert not queued.ask("a", due_at=NOON + HOUR)
    assert queued.row("a")["payload"] == {"first": True}
    assert queued.ask("a", kind="other")


def test_many_are_asked_for_at_once_and_the_new_ones_are_named(queued: Queued) -> None:
    queued.ask("b")
    new = [NewJob(kind="look", key=key, payload={"key": key}, due_at=NOON) for key in ("a", "b", "c", "a")]
    with queued.engine.begin() as connection:
        assert enqueue_all(connection, new) == {("look", "a"), ("look", "c")}
        assert enqueue_all(connection, []) == set()
    assert sorted(keys(queued.claim())) == ["a", "b", "c"]


@pytest.mark.parametrize("text", ["\0", "\ud83d", "\\u0000", "ü€😀"], ids=ascii)
def test_a_payload_comes_back_whatever_text_is_in_it(queued: Queued, text: str) -> None:
    queued.ask("a", payload={"title": text, "deep": [{"1": text}]})
    [job] = queued.claim()
    assert job.payload == {"title": text, "deep": [{"1": text}]}
    queued.queue.settle([(job, Again(due_at=NOON, payload={"title": text}))])
    [job] = queued.claim()
    assert job.payload == {"title": text}


def test_due_longest_comes_first_and_others_not_at_all(frozen: Queued) -> None:
    for key, hours in (("late", 0), ("early", -2), ("future", 1), ("middle", -1)):
        frozen.ask(key, due_at=NOON + hours * HOUR)
    frozen.ask("other", kind="other", due_at=NOON - 9 * HOUR)
    assert keys(frozen.claim(2)) == ["early", "middle"]
    assert keys(frozen.claim()) == ["late"]


def test_while_time_stands_still_nothing_more_becomes_due(frozen: Queued) -> None:
    frozen.ask("timer", due_at=NOON + HOUR)
    assert frozen.claim() == []
    assert not frozen.queue.has_due(["look"])
    frozen.freeze(NOON + HOUR - timedelta(microseconds=1))
    assert frozen.claim() == []
    frozen.freeze(NOON + HOUR)
    assert frozen.queue.has_due(["look"])
    assert keys(frozen.claim()) == ["timer"]


def test_a_lease_runs_out_although_time_stands_still(frozen: Queued) -> None:
    frozen.ask("a")
    [first] = frozen.claim(lease=timedelta())
    [second] = frozen.claim(lease=LONG)
    assert (first.lease_epoch, second.lease_epoch) == (1, 2)
    assert frozen.claim() == []
    frozen.freeze(NOON + timedelta(days=365))  # the operation's time does not age a lease
    assert frozen.claim() == []


def test_a_lease_lasts_as_long_as_asked_on_the_servers_clock(queued: Queued) -> None:
    queued.ask("a")
    queued.claim(lease=HOUR)
    with queued.engine.connect() as connection:
        query = sa.text("SELECT leased_until - clock_timestamp() FROM ops.job")
        left = connection.execute(query).scalar_one()
    assert HOUR - timedelta(minutes=1) < left <= HOUR


def test_a_renewed_lease_does_not_run_out(queued: Queued) -> None:
    queued.ask("a")
    [job] = queued.claim(lease=timedelta())
    assert queued.queue.renew([job], LONG) == []
    assert queued.claim() == []
    assert queued.queue.renew([], LONG) == []


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: type(ending).__name__)
def test_a_worker_that_comes_late_changes_nothing(queued: Queued, ending: Ending) -> None:
    queued.ask("a")
    [late] = queued.claim(lease=timedelta(), owner="late")
    [holder] = queued.claim(owner="holder")
    before = queued.row("a")
    assert queued.queue.settle([(late, ending)]) == [late]
    assert queued.queue.renew([late], LONG) == [late]
    assert queued.row("a") == before
    assert queued.queue.settle([(holder, ending)]) == []


@pytest.mark.parametrize("second", ENDINGS, ids=lambda ending: type(ending).__name__)
@pytest.mark.parametrize("first", ENDINGS, ids=lambda ending: type(ending).__name__)
def test_an_attempt_ends_once(queued: Queued, first: Ending, second: Ending) -> None:
    queued.ask("a")
    [job] = queued.claim()
    queued.queue.settle([(job, first)])
    before = queued.row("a")
    assert queued.queue.settle([(job, second)]) == [job]
    assert queued.queue.renew([job], LONG) == [job]
    assert queued.row("a") == before


def test_a_worker_that_began_a_job_twice_ends_it_by_its_present_attempt(queued: Queued) -> None:
    queued.ask("a")
    [late] = queued.claim(lease=timedelta())
    [present] = queued.claim(lease=timedelta())
    assert queued.queue.renew([late, present], timedelta()) == [late]
    assert (
        queued.queue.settle([(late, Dead(reason="late")), (present, Done()), (late, Dead(reason="late"))]) == [late] * 2
    )
    assert queued.row("a")["outcome"] == "done"


def test_a_worker_whose_lease_ran_out_may_end_what_nobody_else_began(queued: Queued) -> None:
    queued.ask("a")
    [job] = queued.claim(lease=timedelta())
    assert queued.queue.settle([(job, Done())]) == []
    assert queued.claim() == []


def test_each_ending_leaves_the_job_as_it_says(frozen: Queued) -> None:
    for key in "abcd":
        frozen.ask(key, payload={"look": 1})
    later = NOON + HOUR
    endings: list[Ending] = [
        Done(),
        Again(due_at=later, payload={"look": 2}),
        Retry(due_at=later, reason="no answer"),
        Dead(reason="no such page"),
    ]
    assert frozen.queue.settle(list(zip(frozen.claim(), endings, strict=True))) == []
    assert frozen.queue.settle([]) == []
    told = ("outcome", "ended_at", "due_at", "attempts", "payload", "reason", "lease_owner", "leased_until")
    assert [tuple(frozen.row(key)[name] for name in told) for key in "abcd"] == [
        ("done", NOON, NOON, 1, {"look": 1}, None, None, None),
        (None, None, later, 0, {"look": 2}, None, None, None),
        (None, None, later, 1, {"look": 1}, "no answer", None, None),
        ("dead", NOON, NOON, 1, {"look": 1}, "no such page", None, None),
    ]
    frozen.freeze(later)
    assert [(job.key, job.attempts, job.lease_epoch) for job in frozen.claim()] == [("b", 1, 2), ("c", 2, 2)]


def test_the_dead_are_listed_with_their_reason_and_can_be_tried_anew(frozen: Queued) -> None:
    for key in ("a", "b", "c"):
        frozen.ask(key, payload={"key": key})
    frozen.ask("other", kind="other")
    a, b, c = frozen.claim()
    frozen.queue.settle([(a, Dead(reason="no such page")), (c, Done())])
    frozen.freeze(NOON + HOUR)
    frozen.queue.settle([(b, Dead(reason="no answer")), (frozen.claim(kind="other")[0], Dead(reason="x"))])
    first = frozen.queue.dead(kind="look", limit=1)
    assert [(dead.key, dead.reason, dead.payload, dead.attempts, dead.ended_at) for dead in first] == [
        ("b", "no answer", {"key": "b"}, 1, NOON + HOUR)
    ]
    assert {(dead.kind, dead.key) for dead in frozen.queue.dead()} == {("look", "a"), ("look", "b"), ("other", "other")}
    assert frozen.claim() == []
    assert frozen.queue.redrive([b.job_id, c.job_id, 0]) == 1  # c is done, 0 is nobody
    [again] = frozen.claim()
    assert (again.key, again.attempts, again.lease_epoch, again.due_at) == ("b", 1, 2, NOON + HOUR)
    assert frozen.queue.settle([(b, Done())]) == [b]  # the fence holds across a redrive
    assert [dead.key for dead in frozen.queue.dead(kind="look")] == ["a"]


def test_somebody_who_asked_and_waits_is_told_what_has_not_ended(queued: Queued) -> None:
    for key in ("a", "b", "c", "d"):
        queued.ask(key)
    a, b, c, _ = queued.claim()
    queued.queue.settle([(a, Done()), (b, Dead(reason="x")), (c, Retry(due_at=NOON, reason="x"))])
    assert queued.queue.still_open("look", ["a", "b", "c", "d", "nobody's"]) == {"c", "d"}
    assert queued.queue.still_open("other", ["c"]) == set()


def test_a_job_held_by_a_worker_still_counts_as_due(queued: Queued) -> None:
    queued.ask("a")
    queued.claim()
    assert queued.queue.has_due(["look", "other"])
    assert not queued.queue.has_due(["other"])


def test_workers_that_claim_at_once_share_the_jobs_and_none_gets_another_ones(queued: Queued) -> None:
    for number in range(200):
        queued.ask(str(number))
    together = Barrier(4)

    def claim_all(owner: int) -> list[str]:
        together.wait()
        mine: list[str] = []
        while jobs := queued.claim(7, owner=str(owner)):
            mine += keys(jobs)
        return mine

    with ThreadPoolExecutor(4) as threads:
        shares = list(threads.map(claim_all, range(4)))
    assert sorted(key for share in shares for key in share) == sorted(str(number) for number in range(200))


def test_a_job_somebody_has_locked_keeps_nobody_waiting_for_the_others(queued: Queued) -> None:
    for key in ("locked", "free"):
        queued.ask(key)
    with ThreadPoolExecutor(1) as threads, queued.engine.begin() as connection:
        connection.exec_driver_sql("SELECT FROM ops.job WHERE key = 'locked' FOR UPDATE")
        assert keys(threads.submit(queued.claim).result(timeout=30)) == ["free"]


def test_transactions_that_ask_for_the_same_jobs_in_other_orders_do_not_kill_each_other(queued: Queued) -> None:
    new = [NewJob(kind="look", key=str(number), payload={}, due_at=NOON) for number in range(500)]
    together = Barrier(4)

    def ask(turn: int) -> int:
        together.wait()
        with queued.engine.begin() as connection:
            return len(enqueue_all(connection, new if turn % 2 else new[::-1]))

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(ask, range(4))) == 500


def test_the_roles_that_do_no_jobs_cannot_touch_them(queued: Queued) -> None:
    for role in (Role.writer, Role.reader, Role.analyst, Role.publisher):
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
            JobQueue(queued.database.engine(role)).claim("look", 1, owner="me", lease=LONG)
    with queued.engine.connect() as connection, pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
        connection.exec_driver_sql("DELETE FROM ops.job")


def test_a_due_time_is_the_operations_and_an_absent_clock_is_the_systems(queued: Queued) -> None:
    queued.ask("past", due_at=clock.now() - timedelta(minutes=1))
    queued.ask("future", due_at=clock.now() + timedelta(minutes=1))
    assert keys(queued.claim()) == ["past"]
