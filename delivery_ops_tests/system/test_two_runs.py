"""Two daily runs at once, as real processes, and an analyst who reads all the while.

At stake: DuckDB lets in one process at a time, so that without the pool one of the runs would fail; and a reader who
sees half of a publication draws wrong conclusions from right numbers.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from subprocess import Popen

import dagster as dg
import psycopg
import pytest
from psycopg import IsolationLevel
from psycopg.sql import SQL, Identifier

from delivery_ops.killed_runs import process_tag
from delivery_ops_tests.commanding import Said, ended
from delivery_ops_tests.conditions import until
from delivery_ops_tests.system.conftest import POOL, Operated

pytestmark = pytest.mark.system

IN_THE_POOL = {"models", "analytics_publication"}


class Reader:
    """Reads every view of ``analytics``, a transaction after another, and notes each transaction's versions.

    Which table a view showed is asked of the planner after it was read: the view is locked then until the transaction
    ends. (``pg_get_viewdef`` would answer from the transaction's snapshot, which may be older than what is read.)
    """

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._read)
        self.versions: list[set[int]] = []
        self.error: Exception | None = None

    def _read(self) -> None:
        try:
            while not self._over.wait(0.02):
                with self._connection.transaction():
                    self.versions.append(self._versions())
        except Exception as error:  # noqa: BLE001  told to the test
            self.error = error

    def _versions(self) -> set[int]:
        versions = {self._connection.execute("SELECT version FROM analytics.run").fetchone()[0]}
        names = "SELECT viewname FROM pg_views WHERE schemaname = 'analytics' AND viewname <> 'run'"
        for (name,) in self._connection.execute(names).fetchall():
            view = Identifier("analytics", name)
            self._connection.execute(SQL("SELECT count(*) FROM {}").format(view)).fetchone()
            plan = self._connection.execute(SQL("EXPLAIN (FORMAT TEXT) SELECT * FROM {}").format(view)).fetchall()
            [version] = re.findall(rf" on {name}__(\d+)", "\n".join(line for (line,) in plan))
            versions.add(int(version))
        return versions

    @contextmanager
    def reading(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._over.set()
            self._thread.join()


def spans(instance: dg.DagsterInstance, run_id: str) -> list[tuple[float, float]]:
    """When the run was in the pool."""
    begin, end = dg.DagsterEventType.STEP_START, dg.DagsterEventType.STEP_SUCCESS
    at: dict[tuple[str, dg.DagsterEventType], float] = {}
    for record in instance.get_records_for_run(run_id, of_type={begin, end}).records:
        event = record.event_log_entry
        at[event.step_key, event.dagster_event_type] = event.timestamp
    return [(at[step, begin], at[step, end]) for step in IN_THE_POOL]


def test_both_succeed_one_after_the_other_and_no_reader_sees_two_versions(operated: Operated) -> None:
    with operated.dagster() as instance, operated.as_analyst() as connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        storage = instance.event_log_storage
        before = connection.execute("SELECT version FROM analytics.run").fetchone()[0]
        connection.rollback()
        reader = Reader(connection)
        with reader.reading():
            # The test is in the pool until both wait for it: else they might miss each other.
            held = instance.create_run_for_job(job_def=_empty(), status=dg.DagsterRunStatus.STARTED, tags=process_tag())
            assert storage.claim_concurrency_slot(POOL, held.run_id, "test").is_claimed
            runs = [operated.start("run", "--json")]
            _until_waiting(instance, runs)
            _add_touch(operated, "came-between")  # what the first run has loaded is not all that it will find
            runs.append(operated.start("run", "--json"))
            _until_waiting(instance, runs)
            assert not reader.versions[-1] - {before}
            storage.free_concurrency_slots_for_run(held.run_id)
            instance.report_run_canceled(held, "the test is through")
            said = [ended(run) for run in runs]
            until(
                lambda: reader.error or reader.versions[-1] == {before + 2},
                within=60,
                what="the reader sees the last version",
            )
        for each in said:
            assert each.code == 0, each.err
        first, second = (spans(instance, each.document["run"]["run_id"]) for each in said)
    assert all(a[1] <= b[0] or b[1] <= a[0] for a in first for b in second)
    assert reader.error is None
    assert {len(versions) for versions in reader.versions} == {1}
    assert set().union(*reader.versions) == {before, before + 1, before + 2}


def _until_waiting(instance: dg.DagsterInstance, runs: list[Popen[str]]) -> None:
    """Until all ``runs`` wait for the pool, or one is over."""
    until(
        lambda: (
            len(instance.event_log_storage.get_concurrency_info(POOL).pending_run_ids) == len(runs)
            or any(run.poll() is not None for run in runs)
        ),
        within=240,
        what="the runs wait for the pool",
    )


def _add_touch(operated: Operated, touch_id: str) -> None:
    """One more row in the file of touches, replaced as an export is: at once."""
    file = operated.settings.state_dir / "simulated" / "touches.csv"
    header, first, *rest = file.read_text(encoding="utf-8").splitlines(keepends=True)
    row = ",".join([touch_id, *first.split(",")[1:]])
    new = file.with_suffix(".new")
    new.write_text("".join([header, first, *rest, row]), encoding="utf-8")
    new.replace(file)


def _touches_in(said: Said) -> int:
    """How many rows of touches the run says that it loaded."""
    return next(each["incoming"] for each in said.document["run"]["balances"] if each["subject"] == "crm-touches")


def _empty() -> dg.JobDefinition:
    @dg.job
    def empty() -> None: ...

    return empty
