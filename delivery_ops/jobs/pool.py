"""Working jobs off: one loop that claims, threads that run handlers, and what they came to, stored in batches.

Belongs here: how many run at once, leases renewed while they run, and when to look again. Does not belong here: what
a job does, and consumers (``worker.py``). A worker claims a job only when a thread is free for it: nobody hoards what
another could do, and a crash is counted against those jobs alone that ran. Handlers run outside any transaction.
While the database is away their results wait; when a lease has run out meanwhile, the fence refuses them.
"""

from __future__ import annotations

import logging
import os
import random
import socket
from collections import Counter, deque
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from threading import Event
from time import monotonic
from types import TracebackType

from delivery_ops import clock
from delivery_ops.errors import DeliveryOpsError, Transient
from delivery_ops.jobs import retry
from delivery_ops.jobs.queue import JobQueue
from delivery_ops.jobs.records import Ending, Handler, Job
from delivery_ops.jobs.retry import DEFAULT_POLICY, RetryPolicy

LEASE = timedelta(seconds=30)
"""Real time after which a vanished worker's jobs are another's; a living one renews at a third of it."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """How one kind of job is worked off: by ``handle``, ``at_once`` in each process at most."""

    handle: Handler
    at_once: int = 8
    policy: RetryPolicy = DEFAULT_POLICY


def run(
    queue: JobQueue,
    works: Mapping[str, Work],
    *,
    stop: Event,
    idle: timedelta = timedelta(milliseconds=500),
    lease: timedelta = LEASE,
) -> None:
    """Work off jobs of the kinds in ``works`` until ``stop`` is set; then wait for the handlers that run.

    Args:
        idle: how long to wait before looking again when nothing was due; a stop is noticed within it too.
    """
    with _Pool(queue, works, idle=idle, lease=lease) as pool:
        while not stop.is_set():
            try:
                pool.turn()
            except Transient as error:
                _log.warning("%s", error)
            pool.wait()
        pool.finish()


def drain(
    queue: JobQueue,
    works: Mapping[str, Work],
    *,
    idle: timedelta = timedelta(milliseconds=50),
    lease: timedelta = LEASE,
) -> Counter[str]:
    """Work off jobs of the kinds in ``works`` until none is due. One that another worker holds is waited for: it
    ends, or its lease runs out. Returns how the attempts made here ended, by name: done, again, retry, dead.

    Raises:
        Transient: the database is away.
    """
    with _Pool(queue, works, idle=idle, lease=lease) as pool:
        while pool.turn() or queue.has_due(works):
            pool.wait()
        return pool.tally


class _Pool:
    """The state of one loop. Only the loop's own thread touches it, but for ``_returned`` and ``_bell``."""

    def __init__(self, queue: JobQueue, works: Mapping[str, Work], *, idle: timedelta, lease: timedelta) -> None:
        self._queue = queue
        self._works = works
        self._idle = idle.total_seconds()
        self._lease = lease
        self._renewal = lease.total_seconds() / 3
        self._owner = f"process {os.getpid()} on {socket.gethostname()}"
        self._threads = ThreadPoolExecutor(sum(work.at_once for work in works.values()), thread_name_prefix="job")
        self._running: dict[tuple[int, int], Job] = {}  # until stored, by id and epoch
        self._returned: deque[tuple[Job, Future[Ending]]] = deque()
        self._unsettled: list[tuple[Job, Future[Ending]]] = []
        self._bell = Event()  # rung by every handler that returns
        self._backlog = set(works)  # kinds that gave as many as were asked for: more may be due
        self._look_at = self._renew_at = 0.0
        self.tally: Counter[str] = Counter()

    def __enter__(self) -> _Pool:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._threads.shutdown()

    def turn(self) -> bool:
        """Store what came back, renew what is long, begin what is due. Returns whether any handler runs."""
        self._bell.clear()
        self._settle()
        self._renew()
        self._begin()
        return bool(self._running)

    def wait(self) -> None:
        """Until a handler returns, a lease wants renewing, or the idle time is over."""
        self._bell.wait(min(self._idle, self._renewal))

    def finish(self) -> None:
        """Wait for the handlers that run, keeping their leases, and store what came of them."""
        try:
            while self._running:
                self.wait()
                self._bell.clear()
                self._settle()
                self._renew()
        except Transient as error:  # their leases run out, and another does them
            _log.warning("what became of %d jobs could not be stored: %s", len(self._running), error)

    def _settle(self) -> None:
        while self._returned:
            self._unsettled.append(self._returned.popleft())
        endings = [(job, self._ending(job, future)) for job, future in self._unsettled]
        refused = self._queue.settle(endings)
        for job, ending in endings:
            del self._running[job.job_id, job.lease_epoch]
            if job in refused:
                _log.warning("%s %s ended here after another had begun it", job.kind, job.key)
            else:
                self.tally[type(ending).__name__.lower()] += 1
        self._unsettled.clear()

    def _ending(self, job: Job, future: Future[Ending]) -> Ending:
        error = future.exception()
        if error is None:
            return future.result()
        policy = self._works[job.kind].policy
        return retry.after_failure(job, error, policy, now=clock.now(), draw=random.random())  # noqa: S311

    def _renew(self) -> None:
        if monotonic() >= self._renew_at:
            self._queue.renew(list(self._running.values()), self._lease)
            self._renew_at = monotonic() + self._renewal

    def _begin(self) -> None:
        """Fill the free threads; kinds that had nothing more to give are asked once per idle time only."""
        look = monotonic() >= self._look_at
        if look:
            self._look_at = monotonic() + self._idle
        busy = Counter(job.kind for job in self._running.values())
        for kind, work in self._works.items():
            free = work.at_once - busy[kind]
            if free and (look or kind in self._backlog):
                jobs = self._queue.claim(kind, free, owner=self._owner, lease=self._lease)
                (self._backlog.add if len(jobs) == free else self._backlog.discard)(kind)
                for job in jobs:
                    self._running[job.job_id, job.lease_epoch] = job
                    self._threads.submit(_attempt, work, job).add_done_callback(partial(self._came_back, job))

    def _came_back(self, job: Job, future: Future[Ending]) -> None:
        """On the handler's thread."""
        error = future.exception()
        if error is not None and not isinstance(error, DeliveryOpsError):  # a defect of ours; the others are stored
            _log.error("%s %s failed", job.kind, job.key, exc_info=error)
        self._returned.append((job, future))
        self._bell.set()


def _attempt(work: Work, job: Job) -> Ending:
    return retry.vanished(job, work.policy) or work.handle(job)
