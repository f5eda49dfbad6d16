"""The balance of what came in: what went in comes out somewhere.

Belongs here: the counts and their law. Does not belong here: counting rows of other systems (their loader's
``source.loaded`` says those).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from delivery_ops.ledger.settle import Outcome


@dataclass(frozen=True, kw_only=True, slots=True)
class Balance:
    """How many events were received and what became of each.

    Raises:
        ValueError: received ≠ kept + duplicate + conflict + rejected. That is a defect of the counting code.
    """

    received: int = 0
    kept: int = 0
    duplicate: int = 0
    conflict: int = 0
    rejected: int = 0

    def __post_init__(self) -> None:
        if self.received != self.kept + self.duplicate + self.conflict + self.rejected:
            raise ValueError(f"the balance does not add up: {self}")

    def __add__(self, other: Balance) -> Balance:
        return Balance(
            received=self.received + other.received,
            kept=self.kept + other.kept,
            duplicate=self.duplicate + other.duplicate,
            conflict=self.conflict + other.conflict,
            rejected=self.rejected + other.rejected,
        )

    @classmethod
    def of(cls, received: int, outcomes: Iterable[Outcome]) -> Balance:
        """The balance of ``received`` events that came to ``outcomes``."""
        return cls(received=received, **Counter[str](outcomes))
