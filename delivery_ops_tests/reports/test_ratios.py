"""Ratios: nothing is divided by nothing, and the interval is Wilson's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_ops.reports.ratios import ratio, wilson_interval


# R. G. Newcombe, Two-sided confidence intervals for the single proportion, Statistics in Medicine 17 (1998), table I,
# method 3 (score without continuity correction).
@pytest.mark.parametrize(
    ("successes", "trials", "expected"),
    [(81, 263, (0.2553, 0.3662)), (15, 148, (0.0624, 0.1605)), (0, 20, (0.0, 0.1611)), (1, 29, (0.0061, 0.1718))],
)
def test_the_interval_is_the_one_of_the_literature(successes: int, trials: int, expected: tuple[float, float]) -> None:
    assert wilson_interval(successes, trials) == pytest.approx(expected, abs=5e-5)


@given(st.integers(1, 10**6).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials))))
def test_the_interval_holds_the_ratio_and_stays_a_proportion(counts: tuple[int, int]) -> None:
    interval, share = wilson_interval(*counts), ratio(*counts)
    assert interval is not None
    assert share is not None
    assert 0 <= interval[0] <= share + 1e-12
    assert share - 1e-12 <= interval[1] <= 1


def test_over_nothing_there_is_no_ratio() -> None:
    assert ratio(0, 0) is None
    assert wilson_interval(0, 0) is None
