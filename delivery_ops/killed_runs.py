"""Runs whose process is gone: ended in Dagster's record, and their places in pools given to those who wait.

Belongs here: knowing a run's process, and clearing up after one that could not do so itself (``kill -9``, a power
cut). Dagster notices such a run only while the code server that launched it lives; without this, every later run
would wait for its place in the pool ``warehouse`` for ever. An operation lives on one machine, so a process id says it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
import psutil

from delivery_ops.database.postmaster import has_ended

PROCESS_TAG = "delivery_ops/process"
_LOOK_AGAIN_SECONDS = 5.0
_BEGUN = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.CANCELING]


def process_tag() -> dict[str, str]:
    """The tag of a run that this process executes."""
    return {PROCESS_TAG: f"{os.getpid()}@{psutil.Process().create_time()}"}


@contextmanager
def cleared_up(instance: dg.DagsterInstance) -> Iterator[None]:
    """Clear up now and every few seconds until the context ends: a run may be killed while this one waits for it."""
    over = threading.Event()
    watch = threading.Thread(target=_clear_up_until, args=(over, instance), daemon=True)
    clear_up(instance)
    watch.start()
    try:
        yield
    finally:
        over.set()
        watch.join()


def clear_up(instance: dg.DagsterInstance) -> None:
    """End the runs whose process is gone; free what runs that are over hold of pools or queue for."""
    for run in instance.get_runs(dg.RunsFilter(statuses=_BEGUN)):
        owner = run.tags.get(PROCESS_TAG)
        # Read again: between the two looks it may have ended well, and its process with it.
        if owner and not _is_alive(owner) and not _is_over(instance, run.run_id):
            instance.report_run_failed(run, "The process that executed this run is gone.")
    storage = instance.event_log_storage
    for run_id in storage.get_concurrency_run_ids():
        if _is_over(instance, run_id):
            storage.free_concurrency_slots_for_run(run_id)


def _clear_up_until(over: threading.Event, instance: dg.DagsterInstance) -> None:
    while not over.wait(_LOOK_AGAIN_SECONDS):
        try:
            clear_up(instance)
        except Exception:  # noqa: BLE001, S112  a database that is away may be back at the next look
            continue


def _is_over(instance: dg.DagsterInstance, run_id: str) -> bool:
    run = instance.get_run_by_id(run_id)
    return run is None or run.is_finished


def _is_alive(owner: str) -> bool:
    pid, _, created = owner.partition("@")
    try:
        process = psutil.Process(int(pid))
        return process.create_time() == float(created) and not has_ended(process)
    except (psutil.NoSuchProcess, ValueError):
        return False
