"""The table of jobs: asking for them, leasing them, ending them; every statement on it is here.

Belongs here: what each call changes, in one statement each. Does not belong here: running jobs (``pool``), deciding
about failures (``retry``). Whoever begins a job gets it under a new ``lease_epoch``, and every later word about it must
carry that number: a worker that was slow, frozen or cut off, and whose job another began since, changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from delivery_ops.jobs.records import Again, Dead, DeadJob, Done, Ending, Job, NewJob, Retry, as_json


def _sql(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


# The driver's own SQL: its %(name)b sends arrays in binary.
_ENQUEUE, _CLAIM, _SETTLE, _RENEW = (_sql(f"{name}.sql") for name in ("enqueue", "claim", "settle", "renew"))

_job = sa.table(
    "job",
    sa.column("job_id"),
    sa.column("kind"),
    sa.column("key"),
    sa.column("payload"),
    sa.column("due_at"),
    sa.column("attempts"),
    sa.column("outcome"),
    sa.column("ended_at"),
    sa.column("reason"),
    schema="ops",
)
_OPEN = _job.c.outcome.is_(None)
_DEAD = _job.c.outcome == "dead"
_NOW = sa.select(sa.func.ops.now()).scalar_subquery()


def enqueue(connection: Connection, kind: str, key: str, payload: Mapping[str, Any], *, due_at: datetime) -> bool:
    """Ask for a job in the caller's transaction (role folder); it is there exactly if that commits.

    Returns:
        False where the kind has this key already, whatever became of that job: nothing is changed.
    """
    return bool(enqueue_all(connection, [NewJob(kind=kind, key=key, payload=payload, due_at=due_at)]))


def enqueue_all(connection: Connection, jobs: Sequence[NewJob]) -> set[tuple[str, str]]:
    """``enqueue`` for many, in one statement. Returns the (kind, key) that were new."""
    if not jobs:
        return set()
    columns = {
        "kinds": [job.kind for job in jobs],
        "keys": [job.key for job in jobs],
        "payloads": [as_json(job.payload) for job in jobs],
        "due_ats": [job.due_at for job in jobs],
    }
    return {(row.kind, row.key) for row in connection.exec_driver_sql(_ENQUEUE, columns)}


class JobQueue:
    """The jobs of one operation, for those who work them off.

    Args:
        engine: connected as the role folder.
    """

    def __init__(self, engine: Engine) -> None:
        # Each call is one statement, which commits by itself: no round trips for BEGIN and COMMIT.
        self._autocommit = engine.execution_options(isolation_level="AUTOCOMMIT")

    def claim(self, kind: str, limit: int, *, owner: str, lease: timedelta) -> list[Job]:
        """Begin up to ``limit`` due jobs of ``kind``, those due longest first.

        Args:
            owner: for people who look at the table; the fence is the epoch.
            lease: real time after which another may begin them, unless renewed.
        """
        values = {"kind": kind, "limit": limit, "owner": owner, "lease": lease}
        with self._autocommit.connect() as connection:
            jobs = [Job(**row) for row in connection.exec_driver_sql(_CLAIM, values).mappings()]
        return sorted(jobs, key=lambda job: (job.due_at, job.job_id))

    def renew(self, jobs: Sequence[Job], lease: timedelta) -> list[Job]:
        """Extend the leases of ``jobs`` to ``lease`` from now. Returns those that are the caller's no longer."""
        return self._fenced(_RENEW, jobs, {"lease": lease})

    def settle(self, endings: Sequence[tuple[Job, Ending]]) -> list[Job]:
        """Store how attempts ended, all in one transaction. Returns the jobs that were the caller's no longer (lease
        lost, and begun by another): for these nothing was changed."""
        rows = [_as_row(ending) for _, ending in endings]
        columns = {name: [row[name] for row in rows] for name in _ROW}
        return self._fenced(_SETTLE, [job for job, _ in endings], columns)

    def has_due(self, kinds: Collection[str]) -> bool:
        """Whether a job of ``kinds`` is due and has not ended, be it that somebody works on it."""
        due = sa.exists().where(_OPEN, _job.c.kind.in_(kinds), _job.c.due_at <= _NOW)
        with self._autocommit.connect() as connection:
            return bool(connection.scalar(sa.select(due)))

    def still_open(self, kind: str, keys: Collection[str]) -> set[str]:
        """Those of ``keys`` whose job has not ended: for somebody who asked for them and waits."""
        query = sa.select(_job.c.key).where(_OPEN, _job.c.kind == kind, _job.c.key.in_(keys))
        with self._autocommit.connect() as connection:
            return set(connection.scalars(query))

    def dead(self, *, kind: str | None = None, limit: int = 100) -> list[DeadJob]:
        """The jobs given up, of ``kind`` or of all, latest first."""
        columns = [_job.c[name] for name in ("job_id", "kind", "key", "payload", "attempts", "reason", "ended_at")]
        query = sa.select(*columns).where(_DEAD).order_by(_job.c.ended_at.desc(), _job.c.job_id.desc()).limit(limit)
        if kind is not None:
            query = query.where(_job.c.kind == kind)
        with self._autocommit.connect() as connection:
            return [DeadJob(**row) for row in connection.execute(query).mappings()]

    def redrive(self, job_ids: Collection[int]) -> int:
        """Let dead jobs be tried anew, due now. Returns how many of ``job_ids`` were dead."""
        query = sa.update(_job).where(_DEAD, _job.c.job_id.in_(job_ids))
        query = query.values(outcome=None, ended_at=None, attempts=0, due_at=_NOW)
        with self._autocommit.connect() as connection:
            return connection.execute(query).rowcount

    def _fenced(self, statement: str, jobs: Sequence[Job], values: Mapping[str, Any]) -> list[Job]:
        """Run ``statement``, which says by id and epoch what it changed. Returns the jobs it did not change."""
        if not jobs:
            return []
        fence = {"job_ids": [job.job_id for job in jobs], "lease_epochs": [job.lease_epoch for job in jobs]}
        with self._autocommit.connect() as connection:
            changed = {tuple(row) for row in connection.exec_driver_sql(statement, {**fence, **values})}
        return [job for job in jobs if (job.job_id, job.lease_epoch) not in changed]


_ROW = {"outcomes": None, "due_ats": None, "payloads": None, "begin_anew": False, "reasons": None}


def _as_row(ending: Ending) -> dict[str, Any]:
    """What ``settle.sql`` is given for an ending."""
    match ending:
        case Done():
            return _ROW | {"outcomes": "done"}
        case Again(due_at=due_at, payload=payload):
            replaced = None if payload is None else as_json(payload)
            return _ROW | {"due_ats": due_at, "payloads": replaced, "begin_anew": True}
        case Retry(due_at=due_at, reason=reason):
            return _ROW | {"due_ats": due_at, "reasons": reason}
        case Dead(reason=reason):
            return _ROW | {"outcomes": "dead", "reasons": reason}
