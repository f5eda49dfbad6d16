"""Running dbt in this process.

Belongs here: one invocation, what came of it, and its failures as this project's errors. Does not belong here:
what is selected and with which variables (``project`` and the callers). dbt takes about two seconds to import, so
it is imported by the first invocation and not before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from delivery_ops.errors import Permanent, Transient
from delivery_ops.progress import Tell
from delivery_ops.warehouse.project import PROJECT, Warehouse

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult
    from dbt_common.events.base_types import EventMsg

_NODE_ENDED = frozenset({"LogModelResult", "LogTestResult"})
_BROKEN = frozenset({"error", "fail", "runtime error"})
_NAMED = 5  # failures spelled out in an error
_SILENT = ("--quiet", "--no-print", "--log-level", "none", "--log-level-file", "none")  # results say it all


@dataclass(frozen=True, kw_only=True, slots=True)
class NodeResult:
    """What became of one model or test: ``status`` in dbt's words (success, pass, warn, fail, error, skipped)."""

    name: str
    kind: str
    status: str
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildOutcome:
    """A finished invocation: every node's result, in the order they ended."""

    nodes: tuple[NodeResult, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many models, tests … ended well or with a warning, by kind."""
        return dict(Counter(node.kind for node in self.nodes))

    @property
    def warnings(self) -> tuple[str, ...]:
        """Tests that found something and do not stop a run."""
        return tuple(f"{node.name}: {node.message}" for node in self.nodes if node.status == "warn")


class TransformationFailed(Permanent):
    """A model could not be built, or a blocking test found rows. What follows from it was not built.

    ``failed`` are the nodes that failed themselves, ``nodes`` all results, both in the order they ended.
    """

    def __init__(self, command: str, nodes: Sequence[NodeResult], artifacts: Path) -> None:
        failed = [node for node in nodes if node.status in _BROKEN]
        more = f" and {len(failed) - _NAMED} more" if len(failed) > _NAMED else ""
        super().__init__(
            f"dbt {command}",
            subject=", ".join(node.name for node in failed[:_NAMED]) + more,
            cause="; ".join(" ".join(node.message.split()) for node in failed[:_NAMED]),
            remedy=f"{artifacts / 'run_results.json'} has the query of each. Put right the rows it finds, at their "
            "origin, and run again.",
        )
        self.failed = tuple(failed)
        self.nodes = tuple(nodes)


def build(warehouse: Warehouse, *, select: Sequence[str] = (), progress: Tell | None = None) -> BuildOutcome:
    """Build the models of ``select`` (dbt's syntax; default all) and run the data tests that need no other model.

    ``progress`` is told after each model and test.

    Raises:
        TransformationFailed: naming the models and tests that failed.
        Permanent: the project does not parse or the selection names nothing.
        Transient: another process has the warehouse open.
    """
    chosen = ["--select", *select, "--indirect-selection", "cautious"] if select else []
    return run(warehouse, "build", "--exclude-resource-type", "unit_test", *chosen, progress=progress)


def run(warehouse: Warehouse, *command: str, progress: Tell | None = None) -> BuildOutcome:
    """Run a dbt command that yields results (``build``, ``run``, ``test``) on ``warehouse``; errors as ``build``."""
    warehouse.file.parent.mkdir(parents=True, exist_ok=True)
    listeners = [_Counter(progress)] if progress else []
    outcome = invoke([*command, *warehouse.arguments()], listeners)
    nodes = tuple(_node(each) for each in outcome.result.results)  # type: ignore[union-attr]
    if any(node.status in _BROKEN for node in nodes):
        raise TransformationFailed(command[0], nodes, warehouse.artifacts)
    return BuildOutcome(nodes=nodes)


class _Counter:
    """Tells how many of dbt's nodes are done, from dbt's own events."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._done = self._total = 0

    def __call__(self, event: EventMsg) -> None:
        if event.info.name == "ConcurrencyLine":
            self._total = event.data.node_count
        elif event.info.name in _NODE_ENDED:
            self._done += 1
            self._tell(self._done, self._total)


def invoke(arguments: Sequence[str], listeners: Sequence[_Counter] = ()) -> dbtRunnerResult:
    """One invocation of dbt. A command that ran to its end is returned, whatever its nodes' results.

    Raises:
        Permanent: dbt could not do it at all.
        Transient: another process has the DuckDB file open.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    try:
        outcome = dbtRunner(callbacks=list(listeners)).invoke([*_SILENT, *arguments])
    finally:  # else the file stays locked until this process ends
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
    if outcome.exception is not None:
        raise _typed(arguments[0], outcome.exception) from outcome.exception
    return outcome


def _node(result: Any) -> NodeResult:
    return NodeResult(
        name=result.node.name,
        kind=str(result.node.resource_type),
        status=str(result.status),
        message=result.message or "",
    )


def _typed(command: str, error: BaseException) -> Permanent | Transient:
    cause = str(error).strip()
    if "Could not set lock on file" in cause:
        return Transient(
            f"dbt {command}",
            subject="the warehouse's DuckDB file",
            cause=cause,
            remedy="Run it again when the other process is done.",
        )
    return Permanent(
        f"dbt {command}", subject=str(PROJECT), cause=cause, remedy="Correct the project; `make lint` parses it."
    )
