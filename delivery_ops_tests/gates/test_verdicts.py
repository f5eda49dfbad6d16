"""At stake: an error must never read as a pass or a fail, and a gate on watch must never hold anything."""

import pytest

from delivery_ops.gates.verdicts import verdict_of


@pytest.mark.parametrize(
    ("outcome", "mode", "verdict"),
    [
        ("pass", "enforce", "pass"),
        ("fail", "enforce", "fail"),
        ("error", "enforce", "error"),
        ("pass", "monitor", "pass"),
        ("fail", "monitor", "monitor"),
        ("error", "monitor", "error"),
    ],
)
def test_the_verdict_is_monitor_exactly_for_a_fail_on_watch(outcome, mode, verdict) -> None:
    assert verdict_of(outcome, mode) == verdict
