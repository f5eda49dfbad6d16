"""At stake: the morning's run is for the day that begins, in the operation's zone, once, and never in a simulation."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from delivery_ops import starter
from delivery_ops.defs import schedules
from delivery_ops.settings import CONFIG_VARIABLE, DEFAULT_CONFIG


def schedule_of(config: Path, monkeypatch: pytest.MonkeyPatch) -> dg.ScheduleDefinition:
    monkeypatch.setenv(CONFIG_VARIABLE, str(config))
    return schedules._morning()


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        pytest.param(datetime(2026, 1, 7, 5, 10, tzinfo=UTC), "2026-01-07", id="winter"),
        pytest.param(datetime(2026, 7, 7, 4, 10, tzinfo=UTC), "2026-07-07", id="summer"),
        pytest.param(datetime(2026, 3, 29, 4, 10, tzinfo=UTC), "2026-03-29", id="the clock went forward"),
        pytest.param(
            datetime(2026, 6, 30, 22, 30, tzinfo=UTC),
            "2026-07-01",
            id="past midnight in the zone",
        ),
    ],
)
def test_a_tick_asks_for_one_run_of_the_day_that_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, instant: datetime, day: str
) -> None:
    starter.write(tmp_path)
    schedule = schedule_of(tmp_path, monkeypatch)
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_schedule_context(instance=instance, scheduled_execution_time=instant)
        [request] = schedule.evaluate_tick(context).run_requests or []
    assert request.run_key == day
    assert request.run_config == {"resources": {"operation": {"config": {"date": day}}}}


def test_it_runs_by_itself_in_the_operations_zone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    starter.write(tmp_path)
    schedule = schedule_of(tmp_path, monkeypatch)
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("10 6 * * *", "Europe/Berlin")
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING


def test_a_simulated_operation_waits_to_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert schedule_of(DEFAULT_CONFIG, monkeypatch).default_status is dg.DefaultScheduleStatus.STOPPED
