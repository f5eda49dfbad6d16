"""Waiting for something to become so, with an end to the patience."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(condition: Callable[[], T], *, within: float, what: str) -> T:
    """What ``condition`` returns once that is true.

    Raises:
        TimeoutError: it is not after ``within`` seconds.
    """
    deadline = time.monotonic() + within
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not after {within} s: {what}")
        time.sleep(0.02)
    return found
