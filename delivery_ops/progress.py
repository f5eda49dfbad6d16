"""Telling people how far long work has come, wherever in the process it is done.

Belongs here: stages of work, and the one listener of this process that hears of them. Does not belong here: how a
stage is shown (the command line draws bars; a run in Dagster's own process has no listener, and its log suffices).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

Tell = Callable[[int, int], None]
"""Told after each piece of a stage: how many are done, of how many."""


class Listener(Protocol):
    """Hears of stages; ``started`` returns what is told their pieces."""

    def started(self, stage: str) -> Tell:
        """A stage began."""
        ...

    def ended(self, stage: str) -> None:
        """A stage is over, well or not."""
        ...


_listener: Listener | None = None


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Let ``listener`` hear of every stage in this process until the context ends."""
    global _listener
    before, _listener = _listener, listener
    try:
        yield
    finally:
        _listener = before


@contextmanager
def stage(name: str) -> Iterator[Tell]:
    """A stretch of work that people wait for, named as they would say it; yields what its pieces are told to."""
    listener = _listener
    if listener is None:
        yield _nobody
        return
    try:
        yield listener.started(name)
    finally:
        listener.ended(name)


def _nobody(_done: int, _total: int) -> None:
    return
