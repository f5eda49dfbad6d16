"""At stake: two runs at once, and the report of one tells what the other found."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import dagster as dg
import pytest
from dagster._core.events import StepMaterializationData

from delivery_ops.defs.outcomes import Outcome
from delivery_ops.defs.report.facts import STEPS, run_facts
from delivery_ops.operation import Operation, open_operation
from delivery_ops.settings import Settings

FILES, EVENTS = "raw_files__touches", "core_ledger__events"


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def operation(settings_factory: Callable[..., Settings], empty_database_url: str) -> Iterator[Operation]:
    with open_operation(settings_factory(database_url=empty_database_url)) as operation:
        yield operation


def begun(instance: dg.DagsterInstance, *, again: str | None = None) -> str:
    """A new run, or one that executes the run ``again`` from where that failed; returns its id."""

    @dg.job
    def daily() -> None: ...

    run = instance.create_run_for_job(daily, parent_run_id=again, root_run_id=again, status=dg.DagsterRunStatus.STARTED)
    return run.run_id


def found(instance: dg.DagsterInstance, run_id: str, step: str, said: str) -> None:
    """Let the run's ``step`` end with an outcome that says ``said``."""
    made = dg.AssetMaterialization(step, metadata=Outcome(skipped=(said,)).metadata())
    event = dg.DagsterEvent(
        event_type_value=dg.DagsterEventType.ASSET_MATERIALIZATION.value,
        job_name="daily",
        event_specific_data=StepMaterializationData(materialization=made),
    )
    instance.report_dagster_event(event, run_id=run_id)


def test_a_run_is_told_by_its_own_steps_although_another_ran_beside_it(
    instance: dg.DagsterInstance, operation: Operation
) -> None:
    one, other = begun(instance), begun(instance)
    for run_id, said in ((one, "one"), (other, "the other")):
        found(instance, run_id, EVENTS, f"events of {said}")
        found(instance, run_id, FILES, f"files of {said}")
    assert run_facts(instance, operation, one).skipped == ("files of one", "events of one")
    assert run_facts(instance, operation, other).skipped == ("files of the other", "events of the other")


def test_a_step_that_it_did_not_execute_is_told_by_its_standing_outcome(
    instance: dg.DagsterInstance, operation: Operation
) -> None:
    failed, between = begun(instance), begun(instance)
    found(instance, failed, FILES, "files, before it failed")
    found(instance, between, FILES, "files of a run between")
    found(instance, between, STEPS[0], "what stands of no run of this one's")
    again = begun(instance, again=failed)
    found(instance, again, EVENTS, "events, in the second try")
    assert run_facts(instance, operation, again).skipped == (
        "what stands of no run of this one's",
        "files, before it failed",
        "events, in the second try",
    )


def test_steps_that_never_ran_are_told_by_nothing(instance: dg.DagsterInstance, operation: Operation) -> None:
    facts = run_facts(instance, operation, begun(instance))
    assert (facts.balances, facts.failures, facts.skipped, facts.changed) == ((), (), (), False)
