"""A worker to be killed: ``python -m delivery_ops_tests.jobs.worker_process FOLDER_URL WRITER_URL``.

Its jobs append an event under their own key. It writes ``READY`` once it is about to look for jobs and ``STEP`` before
and after each effect, one byte each, so that whoever kills it can choose a moment.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta
from threading import Event

import sqlalchemy as sa

from delivery_ops.contracts.envelope import EventDraft
from delivery_ops.jobs.pool import Work, run
from delivery_ops.jobs.queue import JobQueue
from delivery_ops.jobs.records import Done, Job
from delivery_ops.jobs.retry import RetryPolicy
from delivery_ops.ledger.ledger import Ledger

READY, STEP = b"r", b"."
LEASE = timedelta(seconds=1)
POLICY = RetryPolicy(attempts=10_000)  # being killed is the rule here


def published(key: str) -> EventDraft:
    """The effect of the job ``key``."""
    return EventDraft(
        event_type="page.published",
        source="jobs",
        idempotency_key=key,
        timestamp=datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
        actor_role="worker",
        payload={"url": f"https://www.acme.example/{key}"},
        deliverable_id="D-7",
        client_id="acme",
    )


def main(folder_url: str, writer_url: str) -> None:
    """Work until killed."""
    ledger = Ledger(sa.create_engine(writer_url, pool_pre_ping=True))

    def publish(job: Job) -> Done:
        os.write(1, STEP)
        ledger.append([published(job.key)])
        os.write(1, STEP)
        return Done()

    queue = JobQueue(sa.create_engine(folder_url, pool_pre_ping=True))
    works = {"look": Work(handle=publish, policy=POLICY)}
    queue.has_due(works)
    os.write(1, READY)
    run(queue, works, stop=Event(), idle=timedelta(milliseconds=20), lease=LEASE)


if __name__ == "__main__":
    main(*sys.argv[1:])
