"""At stake: a deliverable that failed must not go on, and nothing that is held may be let go in silence."""

import pytest

from delivery_ops.gates.holds import hold_change


@pytest.mark.parametrize(
    ("new", "standing", "is_held", "change"),
    [
        (["fail"], ["fail"], False, "held"),
        (["fail"], ["fail"], True, None),
        (["pass"], ["pass"], False, None),
        (["pass"], ["pass"], True, "released"),
        (["error"], ["error"], False, None),
        (["error"], ["error"], True, None),
        (["monitor"], ["monitor"], False, None),
        (["monitor"], ["monitor"], True, None),
        (["pass", "fail"], ["pass", "fail"], False, "held"),
        (["pass", "fail"], ["pass", "fail"], True, None),
        (["pass"], ["pass", "fail"], True, None),
        (["pass"], ["pass", "error"], True, None),
        (["pass"], ["pass", None], True, None),
        (["pass"], ["pass", "pass"], True, "released"),
        ([], [], True, None),
        ([], [], False, None),
    ],
)
def test_a_hold_follows_the_verdicts(new, standing, is_held: bool, change) -> None:
    assert hold_change(new, standing, is_held=is_held) == change
