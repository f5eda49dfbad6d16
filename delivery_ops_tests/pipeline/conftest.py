"""The runs that the tests of the whole line look at, each made once a session."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from unittest.mock import patch

import pytest

from delivery_ops.demo import run_demo
from delivery_ops.reports import summary
from delivery_ops.settings import REPOSITORY
from delivery_ops.simulator.truth import Truth, truth_of
from delivery_ops_tests.conftest import NewDatabase
from delivery_ops_tests.pipeline import breaking
from delivery_ops_tests.pipeline.operated import SEED, Operate, Operated, Seen, demo_configuration, operated

PAST_DATE = date(2026, 3, 12)


@pytest.fixture(scope="session")
def truth() -> Truth:
    return truth_of(SEED)


@pytest.fixture(scope="session")
def operate(tmp_path_factory: pytest.TempPathFactory, new_database: NewDatabase) -> Operate:
    @contextmanager
    def operate(configuration: str) -> Iterator[Operated]:
        with new_database() as url, operated(tmp_path_factory.mktemp("operation"), url, configuration) as operation:
            yield operation

    return operate


@dataclass(frozen=True, kw_only=True, slots=True)
class DemoRuns:
    """The demo, the demo once more, and then a run for a date in the past."""

    first: Seen
    again: Seen
    past: Seen


@pytest.fixture(scope="session")
def demo(operate: Operate) -> DemoRuns:
    with operate(demo_configuration()) as operation:
        first = operation.run("demo")
        again = run_demo(operation.settings)
        document = json.loads(json.dumps(summary.as_json(again.data), default=str))
        return DemoRuns(
            first=first,
            again=operation.seen(0 if again.is_clean else 1, document),
            past=operation.run("run", "--date", str(PAST_DATE)),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokenRuns:
    """A run for a past date on which much fails, and the run of the next day, when all is well again.

    ``silent_site`` is the URL of the site that does not answer at first.
    """

    before: Seen
    after: Seen
    silent_site: str


@pytest.fixture(scope="session")
def broken(operate: Operate) -> BrokenRuns:
    with breaking.surroundings() as around, operate(breaking.configuration(around)) as operation:
        balance = breaking.begin(operation.settings, around)
        assert balance.kept == balance.received == 1
        before = operation.run("run", "--date", str(breaking.BROKEN_DATE))
        breaking.heal(operation.settings, around)
        return BrokenRuns(before=before, after=operation.run("run"), silent_site=around.site)


@pytest.fixture(scope="session")
def funnel(operate: Operate, reference_data: Path) -> Seen:
    """A real company's funnel, run by configuration alone."""
    configuration = (REPOSITORY / "delivery_ops_tests/data/olist/delivery_ops.yaml").read_text(encoding="utf-8")
    with (
        patch.dict(os.environ, {"DELIVERY_OPS_REFERENCE_DATA": str(reference_data)}),
        operate(configuration.replace("../../../data/local/olist", "../state")) as operation,
    ):
        return operation.run_apart("run")
