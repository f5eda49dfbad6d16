"""A daily run ended by ``kill -9`` while it holds the pool ``warehouse``.

At stake: nobody would let go of its place, and every later morning's run would wait for it.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess

import dagster as dg
import pytest

from delivery_ops_tests.commanding import ended
from delivery_ops_tests.conditions import until
from delivery_ops_tests.system.conftest import POOL, Operated

pytestmark = pytest.mark.system


def holding_the_pool(operated: Operated, instance: dg.DagsterInstance) -> tuple[subprocess.Popen[str], str]:
    """A run that is in the pool; its process and its id."""
    process = operated.start("run")

    def holder() -> str | None:
        assert process.poll() is None
        return next(iter(instance.event_log_storage.get_concurrency_info(POOL).active_run_ids), None)

    return process, until(holder, within=240, what="the run is in the pool")


def stopped(process: subprocess.Popen[str], operated: Operated) -> bool:
    """Whether the run stands still now, so that it is not through before the other begins to wait; not while it has the
    lake's lock, for which the other would wait earlier than for the pool."""
    process.send_signal(signal.SIGSTOP)
    assert os.WIFSTOPPED(os.waitpid(process.pid, os.WUNTRACED)[1])
    with (operated.settings.state_dir / "lake" / ".lock").open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            process.send_signal(signal.SIGCONT)
            return False
    return True


def assert_the_pool_is_free(instance: dg.DagsterInstance) -> None:
    known = instance.event_log_storage.get_concurrency_info(POOL)
    assert (known.claimed_slots, known.pending_steps) == ([], [])


def test_the_next_run_frees_its_place_and_succeeds(operated: Operated) -> None:
    with operated.dagster() as instance:
        process, run_id = holding_the_pool(operated, instance)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert instance.event_log_storage.get_concurrency_info(POOL).active_run_ids == {run_id}
        said = operated.give("run", "--json")
        assert said.code == 0, said.err
        assert instance.get_run_by_id(run_id).status is dg.DagsterRunStatus.FAILURE
        assert_the_pool_is_free(instance)


def test_a_run_that_already_waits_for_it_goes_on(operated: Operated) -> None:
    with operated.dagster() as instance:
        process, run_id = holding_the_pool(operated, instance)
        until(lambda: stopped(process, operated), within=60, what="the run stands still in the pool")
        waiting = operated.start("run", "--json")
        until(
            lambda: (
                instance.event_log_storage.get_concurrency_info(POOL).pending_run_ids - {run_id}
                or waiting.poll() is not None
            ),
            within=240,
            what="another run waits",
        )
        process.send_signal(signal.SIGKILL)
        process.wait()
        said = ended(waiting)
        assert said.code == 0, said.err
        assert instance.get_run_by_id(run_id).status is dg.DagsterRunStatus.FAILURE
        assert_the_pool_is_free(instance)


def test_ctrl_c_ends_a_run_in_a_line_and_frees_its_place(operated: Operated) -> None:
    with operated.dagster() as instance:
        process, run_id = holding_the_pool(operated, instance)
        process.send_signal(signal.SIGINT)
        said = ended(process)
        assert (said.code, said.out) == (130, "")
        assert said.err.splitlines()[-1] == "Interrupted. What was done stays; run it again to go on."
        assert "Traceback" not in said.err
        assert instance.get_run_by_id(run_id).is_finished
        assert_the_pool_is_free(instance)


@pytest.mark.parametrize("stage", ["Loading deliverables", "Exporting the ledger", "Transforming"])
def test_ctrl_c_ends_a_run_in_a_line_after_any_stage(operated: Operated, stage: str) -> None:
    process = operated.start("run")
    assert process.stderr
    assert any(stage in line for line in process.stderr)
    process.send_signal(signal.SIGINT)
    said = ended(process)
    assert (said.code, said.out) == (130, "")
    assert said.err.splitlines()[-1] == "Interrupted. What was done stays; run it again to go on."
    assert "Traceback" not in said.err
