"""Workers killed with -9 amid their jobs. At stake: a job lost with its worker, or done twice with effect."""

from __future__ import annotations

import os
import random
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from delivery_ops.database.roles import Role
from delivery_ops.jobs.pool import Work, drain
from delivery_ops.jobs.records import Done, Job
from delivery_ops.ledger.ledger import Ledger
from delivery_ops.settings import REPOSITORY
from delivery_ops_tests.jobs.conftest import Queued
from delivery_ops_tests.jobs.worker_process import POLICY, READY, published

pytestmark = pytest.mark.system

KILLS = 20
JOBS_BETWEEN = 100
PATIENCE = 60.0  # seconds without a word from any worker, after which the test has failed


def test_every_job_has_its_effect_once_whenever_its_workers_are_killed(queued: Queued) -> None:
    dice = random.Random(20)  # noqa: S311
    keys = [f"job-{number}" for number in range(KILLS * JOBS_BETWEEN)]
    with _workers(queued) as workers:
        for kill in range(KILLS):
            workers.await_ready()
            _ask(queued, keys[kill * JOBS_BETWEEN :][:JOBS_BETWEEN])
            workers.await_steps(dice.randrange(1, JOBS_BETWEEN))
            workers.replace(dice.randrange(2))
        _drain_here(queued)
    events = Ledger(queued.database.engine(Role.writer)).read(limit=100_000)
    assert sorted(event.idempotency_key for event in events) == sorted(keys)
    assert queued.count("outcome = 'done'") == len(keys)
    assert queued.count("lease_epoch > 1") >= KILLS  # the kills did hit workers amid their jobs


class _Workers:
    """Two processes that speak into one pipe."""

    def __init__(self, queued: Queued) -> None:
        self._urls = [
            queued.database.engine(role).url.render_as_string(hide_password=False)
            for role in (Role.folder, Role.writer)
        ]
        self._heard, self._speak = os.pipe()
        self._processes = [self._started() for _ in range(2)]
        self._not_ready = 2

    def await_ready(self) -> None:
        """Until both look for jobs; what they said before is forgotten."""
        while self._not_ready:
            self._not_ready -= self._next() == READY

    def await_steps(self, count: int) -> None:
        for _ in range(count):
            self._next()

    def replace(self, at: int) -> None:
        """Kill one and start another in its place."""
        self._kill(self._processes[at])
        self._processes[at] = self._started()
        self._not_ready = 1

    def end(self) -> None:
        for process in self._processes:
            self._kill(process)
        os.close(self._heard)
        os.close(self._speak)

    def _next(self) -> bytes:
        assert select.select([self._heard], [], [], PATIENCE)[0], "the workers are silent"
        return os.read(self._heard, 1)

    def _started(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "delivery_ops_tests.jobs.worker_process", *self._urls]
        return subprocess.Popen(command, stdout=self._speak, cwd=REPOSITORY)

    @staticmethod
    def _kill(process: subprocess.Popen[bytes]) -> None:
        process.kill()
        process.wait()


@contextmanager
def _workers(queued: Queued) -> Iterator[_Workers]:
    workers = _Workers(queued)
    try:
        yield workers
    finally:
        workers.end()


def _ask(queued: Queued, keys: list[str]) -> None:
    for key in keys:
        assert queued.ask(key)


def _drain_here(queued: Queued) -> None:
    ledger = Ledger(queued.database.engine(Role.writer))

    def publish(job: Job) -> Done:
        ledger.append([published(job.key)])
        return Done()

    drain(queued.queue, {"look": Work(handle=publish, policy=POLICY)}, lease=timedelta(minutes=1))
