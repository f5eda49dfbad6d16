"""Running dbt in this process.

Belongs here: one invocation, what came of it, and its failures as this project's errors. Does not belong here:
what is selected and with which variables (``project`` and the callers). dbt takes about two seconds to import, so
it is imported by the first invocation and not before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from delivery_ops.errors import Permanent, Transient
from delivery_ops.warehouse.project import PROJECT, Warehouse

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult

_BROKEN = frozenset({"error", "fail", "runtime error"})
_NAMED = 5  # failures spelled out in an error; the log has all of them


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

    Args:
        failed: the nodes that failed themselves, in the order they ended.
    """

    def __init__(self, command: str, failed: Sequence[NodeResult], log: str) -> None:
        more = f" and {len(failed) - _NAMED} more" if len(failed) > _NAMED else ""
        super().__init__(
            f"dbt {command}",
            subject=", ".join(node.name for node in failed[:_NAMED]) + more,
            cause="; ".join(" ".join(node.message.split()) for node in failed[:_NAMED]),
            remedy=f"{log} has the whole story; a failed test names rows that must be put right where they come from.",
        )
        self.failed = tuple(failed)


def build(warehouse: Warehouse, *, select: Sequence[str] = ()) -> BuildOutcome:
    """Build the models of ``select`` (dbt's syntax; default all) and run the data tests that need no other model.

    Raises:
        TransformationFailed: naming the models and tests that failed.
        Permanent: the project does not parse or the selection names nothing.
        Transient: another process has the warehouse open.
    """
    chosen = ["--select", *select, "--indirect-selection", "cautious"] if select else []
    return run(warehouse, "build", "--exclude-resource-type", "unit_test", *chosen)


def run(warehouse: Warehouse, *command: str) -> BuildOutcome:
    """Run a dbt command that yields results (``build``, ``run``, ``test``) on ``warehouse``; errors as ``build``."""
    warehouse.file.parent.mkdir(parents=True, exist_ok=True)
    outcome = invoke([*command, *warehouse.arguments()])
    nodes = tuple(_node(each) for each in outcome.result.results)  # type: ignore[union-attr]
    failed = [node for node in nodes if node.status in _BROKEN]
    if failed:
        _raise_if_locked(failed[0].message, warehouse)
        raise TransformationFailed(command[0], failed, str(warehouse.artifacts / "dbt.log"))
    return BuildOutcome(nodes=nodes)


def invoke(arguments: Sequence[str]) -> dbtRunnerResult:
    """One invocation of dbt. A command that ran to its end is returned, whatever its nodes' results.

    Raises:
        Permanent: dbt could not do it at all.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    try:
        outcome = dbtRunner().invoke(["--quiet", "--no-print", "--log-level-file", "info", *arguments])
    finally:  # else the file stays locked until this process ends
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
    if outcome.exception is not None:
        raise Permanent(
            f"dbt {arguments[0]}",
            subject=str(PROJECT),
            cause=str(outcome.exception).strip(),
            remedy="Correct the project; `make lint` parses it.",
        ) from outcome.exception
    return outcome


def _node(result: Any) -> NodeResult:
    return NodeResult(
        name=result.node.name,
        kind=str(result.node.resource_type),
        status=str(result.status),
        message=result.message or "",
    )


def _raise_if_locked(message: str, warehouse: Warehouse) -> None:
    if "Could not set lock on file" in message:
        raise Transient(
            "building the warehouse",
            subject=str(warehouse.file),
            cause="another process has it open",
            remedy="Run it again when the other run is done.",
        )
