"""At stake: a run that stops says which step, why and what to do; a defect of ours keeps its stack; Ctrl-C is Ctrl-C.

The runs are Dagster's own; only their steps are made up.
"""

from __future__ import annotations

import os
import signal
from types import SimpleNamespace

import dagster as dg
import pytest

from delivery_ops import daily_run
from delivery_ops.daily_run import _why_stopped
from delivery_ops.defs.outcomes import stops_plainly
from delivery_ops.errors import Permanent


def stopped(body: object, **step: object) -> BaseException:
    """What is raised for a run of one step that does ``body``."""
    result = dg.materialize([dg.asset(name="models", **step)(body)], raise_on_error=False)
    assert not result.success
    return _why_stopped(result, " --config mine")


def test_an_error_of_ours_is_told_with_its_step_its_cause_and_its_remedy() -> None:
    @stops_plainly
    def body() -> dg.MaterializeResult:
        raise Permanent("dbt build", subject="fct_revenue", cause="a row twice", remedy="Put it right.")

    error = stopped(body)
    assert isinstance(error, Permanent)
    assert (error.doing, error.subject) == ("the daily run", "step models")
    assert error.cause == "dbt build: fct_revenue: a row twice"
    assert error.remedy.startswith("Put it right. Steps before it are done and stay: see run ")


def test_a_blocking_check_that_failed_is_told_by_its_name() -> None:
    def body() -> dg.MaterializeResult:
        return dg.MaterializeResult(check_results=[dg.AssetCheckResult(check_name="adds_up", passed=False)])

    error = stopped(body, check_specs=[dg.AssetCheckSpec("adds_up", asset="models", blocking=True)])
    assert isinstance(error, Permanent)
    assert "adds_up" in error.cause


def test_a_defect_keeps_dagsters_stack_in_a_note() -> None:
    def body() -> dg.MaterializeResult:
        raise ZeroDivisionError("by nothing")

    error = stopped(body)
    assert isinstance(error, RuntimeError)
    assert "step models" in str(error)
    assert "ZeroDivisionError: by nothing" in str(error)
    assert any("test_daily_run.py" in note for note in error.__notes__)


def test_ctrl_c_is_ctrl_c() -> None:
    def body() -> dg.MaterializeResult:
        os.kill(os.getpid(), signal.SIGINT)
        return dg.MaterializeResult()

    assert isinstance(stopped(body), KeyboardInterrupt)


class Broken(dg.ConfigurableResource):
    name: str = "one field, or Dagster asks pydantic for a deprecated attribute"

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        raise ZeroDivisionError("by nothing")


def test_a_run_that_could_not_begin_is_told() -> None:
    @dg.asset
    def models(operation: Broken) -> None: ...

    result = dg.materialize([models], resources={"operation": Broken()}, raise_on_error=False)
    error = _why_stopped(result, " --config mine")
    assert isinstance(error, RuntimeError)
    assert f"run {result.run_id}" in str(error)
    assert "ZeroDivisionError: by nothing" in str(error)


@pytest.mark.parametrize("failed_checks", [(), ("balance_adds_up",)])
@pytest.mark.parametrize("failures", [(), ("a site",)])
def test_a_run_is_clean_when_nothing_failed(failed_checks: tuple[str, ...], failures: tuple[str, ...]) -> None:
    data = SimpleNamespace(run=SimpleNamespace(failures=failures))
    run = daily_run.DailyRun(data=data, report="report.html", failed_checks=failed_checks)
    assert run.is_clean == (not failed_checks and not failures)
