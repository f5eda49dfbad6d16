"""At stake: jobs that all come back at the same moment, or wait for ever, or are tried for ever."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_ops.errors import BadUsage, Permanent, Rejected, Skippable, Transient
from delivery_ops.jobs.records import Dead, Job, Retry
from delivery_ops.jobs.retry import DEFAULT_POLICY, HONOURED, RetryPolicy, after_failure, reason_of, vanished, wait

NOON = datetime(2026, 3, 30, 12, tzinfo=UTC)
WORDS = {"subject": "page", "cause": "no answer", "remedy": "Wait."}
SECOND = timedelta(seconds=1)

draws = st.floats(min_value=0, max_value=1, exclude_max=True)
durations = st.timedeltas(min_value=timedelta(milliseconds=1), max_value=timedelta(days=30))
policies = st.builds(RetryPolicy, attempts=st.integers(1, 50), first=durations, longest=durations)


def job(attempts: int) -> Job:
    return Job(job_id=1, kind="look", key="k", payload={}, due_at=NOON, attempts=attempts, lease_epoch=attempts)


@pytest.mark.parametrize(
    ("attempt", "bound"),
    [(1, 10), (2, 20), (3, 40), (4, 60), (5, 60), (10_000, 60)],  # doubles, up to the longest, whatever the count
)
def test_the_wait_is_drawn_between_nothing_and_a_bound_that_doubles(attempt: int, bound: int) -> None:
    policy = RetryPolicy(first=10 * SECOND, longest=60 * SECOND)
    assert wait(policy, attempt, 0.0) == timedelta()
    assert wait(policy, attempt, 0.5) == bound * SECOND / 2
    assert bound * SECOND - wait(policy, attempt, 1 - 2**-53) < timedelta(milliseconds=1)


@given(policies, st.integers(1, 1_000_000), draws)
def test_no_wait_is_negative_or_longer_than_the_longest(policy: RetryPolicy, attempt: int, draw: float) -> None:
    assert timedelta() <= wait(policy, attempt, draw) <= policy.longest
    assert wait(policy, attempt, draw) <= wait(policy, attempt + 1, draw)


def test_waits_fill_the_whole_range_evenly() -> None:
    dice = random.Random(1)  # noqa: S311
    policy = RetryPolicy(first=100 * SECOND, longest=100 * SECOND)
    tenths = [0] * 10
    for _ in range(10_000):
        tenths[int(wait(policy, 3, dice.random()) / (10 * SECOND))] += 1
    assert all(900 < count < 1100 for count in tenths)  # 1,000 each; 100 is more than three deviations


def test_the_defaults_give_up_after_68_minutes_of_waiting_at_most() -> None:
    waits = [wait(DEFAULT_POLICY, attempt, 1.0) for attempt in range(1, DEFAULT_POLICY.attempts)]
    assert sum(waits, timedelta()) == timedelta(seconds=4094)


@pytest.mark.parametrize("error", [Transient("asking", **WORDS), ValueError("ours"), SystemExit(3)])
def test_what_may_pass_is_tried_again_until_the_last_attempt(error: BaseException) -> None:
    policy = RetryPolicy(attempts=3, first=10 * SECOND)
    for attempts, bound in ((1, 10), (2, 20)):
        retry = after_failure(job(attempts), error, policy, now=NOON, draw=0.5)
        assert retry == Retry(due_at=NOON + bound * SECOND / 2, reason=reason_of(error))
    assert after_failure(job(3), error, policy, now=NOON, draw=0.5) == Dead(reason=reason_of(error))


@pytest.mark.parametrize(
    "error",
    [
        Permanent("asking", **WORDS),
        BadUsage("asking", **WORDS),
        Skippable("asking", **WORDS),
        Rejected("asking", **WORDS, code="bad"),
    ],
)
def test_what_trying_again_cannot_change_is_given_up_at_once(error: Exception) -> None:
    dead = after_failure(job(1), error, DEFAULT_POLICY, now=NOON, draw=0.5)
    assert dead == Dead(reason=f"{type(error).__name__}: asking: page: no answer. Wait.")


@pytest.mark.parametrize(
    ("asked", "least"),
    [(timedelta(), timedelta()), (90 * SECOND, 90 * SECOND), (timedelta(days=3650), HONOURED)],
)
def test_a_wait_the_other_side_asked_for_comes_before_ours_within_reason(asked: timedelta, least: timedelta) -> None:
    error = Transient("asking", **WORDS, retry_after=asked)
    policy = RetryPolicy(first=10 * SECOND)
    ending = after_failure(job(1), error, policy, now=NOON, draw=0.5)
    assert ending == Retry(due_at=NOON + least + 5 * SECOND, reason=reason_of(error))


def test_a_job_begun_once_too_often_was_left_by_a_worker_that_vanished() -> None:
    policy = RetryPolicy(attempts=3)
    assert [vanished(job(attempts), policy) for attempts in (1, 2, 3)] == [None, None, None]
    dead = vanished(job(4), policy)
    assert dead is not None
    assert "vanished during attempt 3" in dead.reason


@given(st.text(alphabet=st.characters(categories=["L", "Cs", "Cc"]), max_size=3000))
def test_every_reason_is_text_that_postgresql_takes(text: str) -> None:
    reason = reason_of(ValueError(text))
    assert reason.startswith("ValueError: ")
    assert "\0" not in reason
    assert len(reason) <= 2000
    assert json.loads(json.dumps(reason.encode("utf-8").decode("utf-8"))) == reason
