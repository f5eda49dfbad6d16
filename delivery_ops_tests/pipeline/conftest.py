"""The runs that the tests of the whole line look at, each made once a session."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import pytest

from delivery_ops.demo import run_demo
from delivery_ops.reports import summary
from delivery_ops.settings import DEFAULT_CONFIG
from delivery_ops.simulator.truth import Truth, truth_of
from delivery_ops_tests.conftest import NewDatabase
from delivery_ops_tests.pipeline.operated import Operate, Operated, Seen, operated

SEED = 7
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
    """The demo, the demo once more, and then a run for a date in the past; ``again_changed`` is its own word."""

    first: Seen
    again: Seen
    again_changed: bool
    past: Seen


@pytest.fixture(scope="session")
def demo(operate: Operate) -> DemoRuns:
    with operate(demo_configuration()) as operation:
        first = operation.run("demo")
        again = run_demo(operation.settings)
        document = json.loads(json.dumps(summary.as_json(again.run.data), default=str))
        return DemoRuns(
            first=first,
            again=operation.seen(0 if again.run.is_clean else 1, document),
            again_changed=again.changed,
            past=operation.run("run", "--date", str(PAST_DATE)),
        )


def demo_configuration() -> str:
    """The demo's own, with its state beside it."""
    return (DEFAULT_CONFIG / "delivery_ops.yaml").read_text(encoding="utf-8").replace("../local", "../state")
