"""What a failed attempt comes to: again after a while, or given up. Pure.

Belongs here: the decision and the wait before the next attempt. Does not belong here: storing either. The wait is
"full jitter" (Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015): drawn evenly between nothing
and a bound that doubles, so that many jobs which failed together do not come back together.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from delivery_ops.errors import Permanent, Rejected, Skippable, Transient
from delivery_ops.jobs.records import Dead, Job, Retry

HONOURED = timedelta(days=1)
"""The longest Retry-After that is obeyed: another system must not park a job for ever."""

_LONGEST_REASON = 2000  # characters
_DOUBLINGS = 20  # twelve days of doubled seconds: beyond any bound, and far from what a timedelta holds


@dataclass(frozen=True, kw_only=True, slots=True)
class RetryPolicy:
    """How often a job is begun before it is given up, and the bound of the wait after the first failure, which doubles
    with each further one up to ``longest``. The defaults give up after 68 minutes of waiting at most."""

    attempts: int = 12
    first: timedelta = timedelta(seconds=2)
    longest: timedelta = timedelta(hours=1)


DEFAULT_POLICY = RetryPolicy()


def wait(policy: RetryPolicy, attempt: int, draw: float) -> timedelta:
    """How long to wait after failed attempt number ``attempt`` (from 1); ``draw`` is even in [0, 1)."""
    doubled: timedelta = policy.first * 2 ** min(attempt - 1, _DOUBLINGS)
    return draw * min(policy.longest, doubled)


def after_failure(job: Job, error: BaseException, policy: RetryPolicy, *, now: datetime, draw: float) -> Retry | Dead:
    """What becomes of ``job``, whose handler raised ``error``.

    An error that trying again cannot change kills it at once; so does any other in its last attempt. An error of no
    family is a defect of ours, and is retried like a ``Transient``: the next version may have it mended.
    """
    reason = reason_of(error)
    if isinstance(error, Permanent | Rejected | Skippable) or job.attempts >= policy.attempts:
        return Dead(reason=reason)
    asked = error.retry_after if isinstance(error, Transient) else None
    least = min(asked or timedelta(), HONOURED)
    return Retry(due_at=now + least + wait(policy, job.attempts, draw), reason=reason)


def vanished(job: Job, policy: RetryPolicy) -> Dead | None:
    """The end of ``job`` where it was begun too often and nobody lived to say how that went; else None."""
    if job.attempts <= policy.attempts:
        return None
    return Dead(reason=f"the worker vanished during attempt {job.attempts - 1}, the last one: killed, or out of memory")


def reason_of(error: BaseException) -> str:
    """``error`` as text that PostgreSQL takes: a page's bytes may stand in it, zeros and half characters included."""
    text = f"{type(error).__name__}: {error}".replace("\0", "\N{REPLACEMENT CHARACTER}")
    return text.encode("utf-8", "replace").decode("utf-8")[:_LONGEST_REASON]
