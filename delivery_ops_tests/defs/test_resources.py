"""At stake: a run is for the date it was launched with, and is known by the process that executes it."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from delivery_ops import clock, starter
from delivery_ops.defs.resources import OperationResource
from delivery_ops.errors import BadUsage
from delivery_ops.killed_runs import PROCESS_TAG, process_tag
from delivery_ops.operation import Operation
from delivery_ops.settings import CONFIG_VARIABLE, DATABASE_URL_VARIABLE


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty_database_url: str) -> None:
    starter.write(tmp_path)
    monkeypatch.setenv(CONFIG_VARIABLE, str(tmp_path))
    monkeypatch.setenv(DATABASE_URL_VARIABLE, empty_database_url)


@dg.asset
def probe(operation: dg.ResourceParam[Operation]) -> dg.MaterializeResult:
    assert isinstance(operation, Operation)
    return dg.MaterializeResult(metadata={"date": str(operation.date), "end": operation.end_of_date.isoformat()})


@pytest.mark.usefixtures("configured")
def test_a_run_is_for_its_date_and_tagged_with_its_process() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(
            [probe], resources={"operation": OperationResource(date="2026-03-29")}, instance=instance
        )
        [run] = instance.get_runs()
    [event] = result.asset_materializations_for_node("probe")
    told = {name: value.value for name, value in event.metadata.items()}
    assert told == {"date": "2026-03-29", "end": "2026-03-30T00:00:00+02:00"}
    assert run.tags[PROCESS_TAG] == process_tag()[PROCESS_TAG]


@pytest.mark.usefixtures("configured")
def test_without_a_date_it_is_for_today() -> None:
    with dg.build_resources({"operation": OperationResource()}) as resources:
        operation = resources.operation
        assert operation.date == clock.today(operation.settings.tzinfo)


def test_a_text_that_is_no_date_is_refused_before_anything_is_opened() -> None:
    resource = OperationResource(date="30.3.2026")
    with (
        pytest.raises(BadUsage, match=r"'30.3.2026' is no date"),
        resource.yield_for_execution(dg.build_init_resource_context()),
    ):
        pass
