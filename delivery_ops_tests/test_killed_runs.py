"""At stake: after a power cut the morning's run waits for ever, or a run that lives is declared dead.

Dagster's storage is PostgreSQL, as in operation; the runs' processes are real. ``system/test_killed_run.py`` kills a
real run.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from unittest.mock import patch

import dagster as dg
import psutil
import pytest

from delivery_ops import dagster_home, killed_runs
from delivery_ops.database.database import Database
from delivery_ops.killed_runs import PROCESS_TAG, clear_up, cleared_up, process_tag
from delivery_ops.settings import Settings
from delivery_ops_tests.conditions import until

POOL, STEP = "warehouse", "models"
FAILED, STARTED = dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.STARTED
OURS = process_tag()[PROCESS_TAG]

Begun = Callable[..., str]


@pytest.fixture
def instance(settings: Settings, database: Database) -> Iterator[dg.DagsterInstance]:
    with (
        patch.dict(os.environ, dagster_home.prepare(settings, database)),
        dg.DagsterInstance.get() as instance,
    ):
        instance.event_log_storage.initialize_concurrency_limit_to_default(POOL)
        yield instance


@pytest.fixture
def begun(instance: dg.DagsterInstance) -> Begun:
    """Records a run of this process tag, as one that has started; returns its id."""

    @dg.job
    def empty() -> None: ...

    def begun(tag: str | None, status: dg.DagsterRunStatus = STARTED) -> str:
        tags = {PROCESS_TAG: tag} if tag else {}
        return instance.create_run_for_job(job_def=empty, status=status, tags=tags).run_id

    return begun


@pytest.fixture(scope="module")
def of_a_process_that_has_ended() -> str:
    process = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    tag = f"{process.pid}@{psutil.Process(process.pid).create_time()}"
    process.communicate(b"\n")
    return tag


@pytest.fixture
def of_a_zombie() -> Iterator[str]:
    """Of a process that has ended and that nobody has waited for, as in a container without an init."""
    process = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    seen = psutil.Process(process.pid)
    tag = f"{process.pid}@{seen.create_time()}"
    assert process.stdin
    process.stdin.close()
    until(lambda: seen.status() == psutil.STATUS_ZOMBIE, within=10, what="it is a zombie")
    yield tag
    process.wait()


def claims(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Whether the run gets a place in the pool now; else it is in the queue."""
    return instance.event_log_storage.claim_concurrency_slot(POOL, run_id, STEP).is_claimed


def status(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run
    return run.status


def test_a_run_whose_process_is_gone_is_ended_and_no_other(
    instance: dg.DagsterInstance, begun: Begun, of_a_process_that_has_ended: str, of_a_zombie: str
) -> None:
    expected = {
        begun(of_a_process_that_has_ended): FAILED,
        begun(of_a_process_that_has_ended, dg.DagsterRunStatus.STARTING): FAILED,
        begun(of_a_process_that_has_ended, dg.DagsterRunStatus.CANCELING): FAILED,
        begun(of_a_zombie): FAILED,
        begun(f"{os.getpid()}@1.0"): FAILED,  # our process id, in an earlier life
        begun("no sense"): FAILED,
        begun(OURS): STARTED,
        begun(None): STARTED,  # just launched: it does not know its process yet
        begun(of_a_process_that_has_ended, dg.DagsterRunStatus.SUCCESS): dg.DagsterRunStatus.SUCCESS,
        begun(of_a_process_that_has_ended, dg.DagsterRunStatus.NOT_STARTED): dg.DagsterRunStatus.NOT_STARTED,
    }
    clear_up(instance)
    assert {run_id: status(instance, run_id) for run_id in expected} == expected


def test_a_run_that_ends_well_while_we_look_is_left_as_it_is(
    instance: dg.DagsterInstance, begun: Begun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = begun(OURS)

    def ends_meanwhile(_: str) -> bool:
        instance.report_run_canceled(instance.get_run_by_id(run_id), "ended")
        return False

    monkeypatch.setattr(killed_runs, "_is_alive", ends_meanwhile)
    clear_up(instance)
    assert status(instance, run_id) is dg.DagsterRunStatus.CANCELED


def test_the_place_of_a_killed_run_goes_to_the_one_that_waits(
    instance: dg.DagsterInstance, begun: Begun, of_a_process_that_has_ended: str
) -> None:
    killed, waiting = begun(of_a_process_that_has_ended), begun(OURS)
    assert claims(instance, killed)
    assert not claims(instance, waiting)
    clear_up(instance)
    assert claims(instance, waiting)


def test_a_killed_run_in_the_queue_stands_in_nobodys_way(
    instance: dg.DagsterInstance, begun: Begun, of_a_process_that_has_ended: str
) -> None:
    holding, killed, waiting = begun(OURS), begun(of_a_process_that_has_ended), begun(OURS)
    assert claims(instance, holding)
    assert not claims(instance, killed)
    assert not claims(instance, waiting)
    instance.event_log_storage.free_concurrency_slot_for_step(holding, STEP)
    assert not claims(instance, waiting)  # the place is promised to the killed one
    clear_up(instance)
    assert claims(instance, waiting)


def test_the_place_of_a_run_that_lives_stays_its_own(instance: dg.DagsterInstance, begun: Begun) -> None:
    holding, waiting = begun(OURS), begun(OURS)
    assert claims(instance, holding)
    clear_up(instance)
    assert not claims(instance, waiting)


def test_a_run_that_is_deleted_holds_nothing(instance: dg.DagsterInstance, begun: Begun) -> None:
    assert claims(instance, "00000000-0000-0000-0000-000000000000")
    clear_up(instance)
    assert claims(instance, begun(OURS))


def test_a_run_killed_while_another_waits_is_cleared_up_by_the_one_that_waits(
    instance: dg.DagsterInstance,
    begun: Begun,
    of_a_process_that_has_ended: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(killed_runs, "_LOOK_AGAIN_SECONDS", 0.05)
    waiting = begun(OURS)
    with cleared_up(instance):
        killed = begun(of_a_process_that_has_ended)  # after the first look
        assert claims(instance, killed) or not claims(instance, waiting)
        until(lambda: claims(instance, waiting), within=10, what="the place is free")
        assert status(instance, killed) is FAILED


def test_a_lost_database_ends_the_watch_in_silence(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(killed_runs, "_LOOK_AGAIN_SECONDS", 0.01)
    looked = []

    def lost(_: dg.DagsterInstance) -> None:
        looked.append(1)
        if len(looked) > 1:
            raise ConnectionError("gone")

    monkeypatch.setattr(killed_runs, "clear_up", lost)
    with cleared_up(instance):
        until(lambda: len(looked) == 2, within=10, what="it looked again")
    assert len(looked) == 2
