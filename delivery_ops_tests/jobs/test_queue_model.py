"""The queue beside a plain model of it: whatever is asked for, claimed, ended, renewed, redriven and lost, in whatever
order, by holders that are current or late, the table says what a dictionary would."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from delivery_ops.database.roles import Role
from delivery_ops.jobs.records import Again, Dead, Done, Ending, Job, Retry
from delivery_ops_tests.jobs.conftest import LONG, NOON, Queued

KINDS = ("look", "poll")
HOUR = timedelta(hours=1)

hours = st.integers(-3, 3).map(lambda count: count * HOUR)
kinds = st.sampled_from(KINDS)
payloads = st.dictionaries(st.sampled_from(["url", "look"]), st.integers(0, 9), max_size=2)
reasons = st.sampled_from(["no answer", "no such page"])


@dataclass(slots=True)
class Modelled:
    """What a dictionary knows of a job."""

    payload: dict[str, Any]
    due_at: datetime
    attempts: int = 0
    epoch: int = 0
    leased: bool = False
    ran_out: bool = False
    outcome: str | None = None
    reason: str | None = None

    def is_held_under(self, epoch: int) -> bool:
        return self.leased and self.epoch == epoch

    def end(self, ending: Ending) -> None:
        self.leased = self.ran_out = False
        self.reason = getattr(ending, "reason", None)
        self.due_at = getattr(ending, "due_at", self.due_at)
        if isinstance(ending, Done | Dead):
            self.outcome = "done" if isinstance(ending, Done) else "dead"
        if isinstance(ending, Again):
            self.attempts = 0
            self.payload = self.payload if ending.payload is None else dict(ending.payload)


@dataclass(slots=True)
class Model:
    now: datetime = NOON
    jobs: dict[tuple[str, str], Modelled] = field(default_factory=dict)  # in the order they were asked for

    def claimable(self, kind: str) -> list[tuple[str, str]]:
        open_ = [
            name
            for name, job in self.jobs.items()
            if name[0] == kind and not job.outcome and job.due_at <= self.now and (not job.leased or job.ran_out)
        ]
        return sorted(open_, key=lambda name: self.jobs[name].due_at)  # stable: then in the order asked for


class QueueAndModel(RuleBasedStateMachine):
    queued: Queued

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.claims: list[Job] = []  # every claim ever made: most are late

    @initialize()
    def empty(self) -> None:
        with self.queued.database.engine(Role.owner).begin() as connection:
            connection.exec_driver_sql("TRUNCATE ops.job")
        self.queued.freeze(NOON)

    @rule(kind=kinds, key=st.sampled_from("abcde"), later=hours, payload=payloads)
    def ask(self, kind: str, key: str, later: timedelta, payload: dict[str, Any]) -> None:
        is_new = (kind, key) not in self.model.jobs
        due_at = self.model.now + later
        assert self.queued.ask(key, kind=kind, due_at=due_at, payload=payload) == is_new
        if is_new:
            self.model.jobs[kind, key] = Modelled(payload=payload, due_at=due_at)

    @rule(kind=kinds, limit=st.integers(1, 4))
    def claim(self, kind: str, limit: int) -> None:
        expected = self.model.claimable(kind)[:limit]
        claimed = self.queued.claim(limit, kind=kind)
        assert [(job.kind, job.key) for job in claimed] == expected
        for job in claimed:
            known = self.model.jobs[job.kind, job.key]
            known.attempts, known.epoch, known.leased, known.ran_out = known.attempts + 1, known.epoch + 1, True, False
            assert (job.payload, job.due_at, job.attempts, job.lease_epoch) == (
                known.payload,
                known.due_at,
                known.attempts,
                known.epoch,
            )
        self.claims += claimed

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        later = self.model.now + data.draw(hours)
        endings = (
            st.just(Done())
            | st.builds(Again, due_at=st.just(later), payload=st.none() | payloads)
            | st.builds(Retry, due_at=st.just(later), reason=reasons)
            | st.builds(Dead, reason=reasons)
        )
        given = [(job, data.draw(endings)) for job in self._some_claims(data)]
        expected_lost = [job for job, _ in given if not self._is_current(job)]
        assert self.queued.queue.settle(given) == expected_lost
        for job, ending in given:
            if job not in expected_lost:
                self.model.jobs[job.kind, job.key].end(ending)

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def renew(self, data: st.DataObject) -> None:
        some = self._some_claims(data)
        expected_lost = [job for job in some if not self._is_current(job)]
        assert self.queued.queue.renew(some, LONG) == expected_lost
        for job in some:
            if job not in expected_lost:
                self.model.jobs[job.kind, job.key].ran_out = False

    @rule()
    def leases_run_out(self) -> None:
        self.queued.let_leases_run_out()
        for known in self.model.jobs.values():
            known.ran_out = known.leased

    @rule(hours=st.integers(0, 4))
    def time_moves(self, hours: int) -> None:
        self.model.now += hours * HOUR
        self.queued.freeze(self.model.now)

    @rule(data=st.data())
    def redrive(self, data: st.DataObject) -> None:
        listed = self.queued.queue.dead()
        dead = {name: known for name, known in self.model.jobs.items() if known.outcome == "dead"}
        assert {(job.kind, job.key): (job.reason, job.attempts) for job in listed} == {
            name: (known.reason, known.attempts) for name, known in dead.items()
        }
        chosen = [job for job in listed if data.draw(st.booleans())]
        assert self.queued.queue.redrive([job.job_id for job in chosen]) == len(chosen)
        for job in chosen:
            known = dead[job.kind, job.key]
            known.outcome, known.attempts, known.due_at = None, 0, self.model.now

    @invariant()
    def the_table_says_what_the_model_says(self) -> None:
        with self.queued.engine.connect() as connection:
            rows = connection.exec_driver_sql(
                "SELECT kind, key, payload, due_at, attempts, lease_epoch, leased_until IS NOT NULL AS leased,"
                " coalesce(leased_until <= clock_timestamp(), false) AS ran_out, outcome, reason FROM ops.job"
            ).all()
        assert {(row.kind, row.key): Modelled(*row[2:]) for row in rows} == self.model.jobs
        for kind in KINDS:
            is_due = any(
                name[0] == kind and not job.outcome and job.due_at <= self.model.now
                for name, job in self.model.jobs.items()
            )
            assert self.queued.queue.has_due([kind]) == is_due

    def _some_claims(self, data: st.DataObject) -> list[Job]:
        recent = self.claims[-8:]
        return [recent[at] for at in data.draw(st.sets(st.integers(0, len(recent) - 1), min_size=1, max_size=4))]

    def _is_current(self, job: Job) -> bool:
        return self.model.jobs[job.kind, job.key].is_held_under(job.lease_epoch)


def test_the_queue_says_what_a_dictionary_would(queued: Queued) -> None:
    class Machine(QueueAndModel):
        pass

    Machine.queued = queued
    run_state_machine_as_test(Machine, settings=settings(max_examples=60, stateful_step_count=30, database=None))
