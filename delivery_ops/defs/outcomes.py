"""What a step of the daily run found, kept where Dagster keeps it: in the metadata of its materialization.

Belongs here: the record, and its way into metadata and back. Does not belong here: deciding any of it; rooms count
and assets put together. The report and the command line read every step's latest outcome, so a step that was
rerun alone is told with the others' standing results.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import dagster as dg

from delivery_ops.errors import DeliveryOpsError, Transient
from delivery_ops.reports.data import Balance, Failure

_KEY = "outcome"


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What one step, or several together, found.

    ``balances`` are counts that the step can state, ``failures`` what it could not do while it went on, ``skipped``
    what the configuration does not have; ``changed`` says whether anything was new.
    """

    balances: tuple[Balance, ...] = ()
    failures: tuple[Failure, ...] = ()
    skipped: tuple[str, ...] = ()
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
            changed=any(part.changed for part in parts),
        )


def failure(what: str, error: DeliveryOpsError) -> Failure:
    """``error`` as something that ``what`` could not do."""
    return Failure(what=what, subject=error.subject, cause=error.cause, remedy=error.remedy)


def stopped(error: DeliveryOpsError) -> dg.Failure:
    """A step's own end: what a person must change is not tried again, the rest may be.

    Returned, not raised, so that the call site keeps ``raise … from error``.
    """
    return dg.Failure(
        description=str(error),
        metadata={key: dg.MetadataValue.text(value) for key, value in error.as_record().items()},
        allow_retries=isinstance(error, Transient),
    )


def _parsed(metadata: Mapping[str, dg.MetadataValue]) -> Outcome:
    value: Any = metadata[_KEY].value
    return Outcome(
        balances=tuple(Balance(**each) for each in value["balances"]),
        failures=tuple(Failure(**each) for each in value["failures"]),
        skipped=tuple(value["skipped"]),
        changed=value["changed"],
    )
