"""At stake: an event that went in and came out nowhere."""

from __future__ import annotations

from collections import Counter
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_ops.ledger.balance import Balance
from delivery_ops.ledger.settle import Outcome

OUTCOMES = st.lists(st.sampled_from(get_args(Outcome)))


@given(OUTCOMES, OUTCOMES)
def test_balances_count_every_outcome_and_add_up(first: list[Outcome], second: list[Outcome]) -> None:
    total = Balance.of(len(first), first) + Balance.of(len(second), second)
    counts = Counter(first + second)
    assert total == Balance(
        received=len(first) + len(second),
        kept=counts["kept"],
        duplicate=counts["duplicate"],
        conflict=counts["conflict"],
        rejected=counts["rejected"],
    )


@given(OUTCOMES, st.integers(-3, 3).filter(bool))
def test_a_balance_that_does_not_add_up_cannot_exist(outcomes: list[Outcome], off: int) -> None:
    with pytest.raises(ValueError, match="does not add up"):
        Balance.of(len(outcomes) + off, outcomes)
