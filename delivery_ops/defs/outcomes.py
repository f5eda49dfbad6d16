"""What a step of the daily run found, kept where Dagster keeps it: in the metadata of its materialization or failure.

Belongs here: the record, its way into metadata and back, and how one of our errors ends a step. Does not belong here:
deciding any of it; rooms count and assets put together. The report and the command line read every step's latest
outcome, so a step that was rerun alone is told with the others' standing results.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import wraps
from inspect import isgeneratorfunction
from typing import Any, ParamSpec, TypeVar

import dagster as dg

from delivery_ops.errors import DeliveryOpsError, Transient
from delivery_ops.reports.data import Balance, Failure

_KEY = "outcome"
_RETRIES, _RETRY_WAIT_SECONDS = 2, 10

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What one step, or several together, found.

    ``balances`` are counts that the step can state, ``failures`` what it could not do while it went on, ``skipped``
    what the configuration does not have, ``retired`` what it has no longer and what became of it; ``changed`` says
    whether anything was new.
    """

    balances: tuple[Balance, ...] = ()
    failures: tuple[Failure, ...] = ()
    skipped: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()
    changed: bool = False

    def metadata(self, **more: Any) -> dict[str, Any]:
        """As materialization metadata, with ``more`` beside it."""
        return {_KEY: dg.MetadataValue.json(asdict(self)), **more}

    @classmethod
    def of(cls, materializations: Iterable[dg.AssetMaterialization]) -> Outcome:
        """The outcomes of several steps as one; steps that state none add nothing."""
        parts = [_parsed(each.metadata) for each in materializations if _KEY in each.metadata]
        return cls(
            balances=tuple(balance for part in parts for balance in part.balances),
            failures=tuple(failure for part in parts for failure in part.failures),
            skipped=tuple(sentence for part in parts for sentence in part.skipped),
            retired=tuple(sentence for part in parts for sentence in part.retired),
            changed=any(part.changed for part in parts),
        )


def failure(what: str, error: DeliveryOpsError) -> Failure:
    """``error`` as something that ``what`` could not do."""
    return Failure(what=what, subject=error.subject, cause=error.cause, remedy=error.remedy)


def first_run_of(context: dg.AssetExecutionContext) -> str:
    """The id of the run, or of the one that it executes again from where that failed: steps of both are one's."""
    return context.run.root_run_id or context.run.run_id


def stops_plainly(body: Callable[P, R]) -> Callable[P, R]:
    """Let an asset's ``body`` end as Dagster's own failure, with cause and remedy, where one of our errors escapes it.

    A ``Transient`` is tried again twice, ten seconds apart; what a person must change is not. Stands below
    ``@dg.asset`` on every body. It is no retry policy of the job: that would try a defect again, and Ctrl-C too.
    """
    if isgeneratorfunction(body):

        @wraps(body)
        def results(*args: P.args, **kwargs: P.kwargs) -> Any:
            with _plain_failures():
                yield from body(*args, **kwargs)

        return results

    @wraps(body)
    def result(*args: P.args, **kwargs: P.kwargs) -> R:
        with _plain_failures():
            return body(*args, **kwargs)

    return result


@contextmanager
def _plain_failures() -> Iterator[None]:
    try:
        yield
    except DeliveryOpsError as error:
        failure = dg.Failure(
            description=str(error),
            metadata={key: dg.MetadataValue.text(value) for key, value in error.as_record().items()},
            allow_retries=isinstance(error, Transient),
        )
        failure.__cause__ = error
        if isinstance(error, Transient):
            raise dg.RetryRequested(max_retries=_RETRIES, seconds_to_wait=_RETRY_WAIT_SECONDS) from failure
        raise failure from error


def _parsed(metadata: Mapping[str, dg.MetadataValue]) -> Outcome:
    value: Any = metadata[_KEY].value
    return Outcome(
        balances=tuple(Balance(**each) for each in value["balances"]),
        failures=tuple(Failure(**each) for each in value["failures"]),
        skipped=tuple(value["skipped"]),
        retired=tuple(value.get("retired", ())),  # steps that ran before there was such a list may still stand
        changed=value["changed"],
    )
