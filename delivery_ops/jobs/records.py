"""A job, and the ways in which an attempt at it may end.

Belongs here: the records that queue, pool and handlers hand to each other. Does not belong here: deciding between
retry and giving up (``retry``), storing anything (``queue``).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


def aware(instant: datetime, what: str) -> datetime:
    """``instant``, which must know its offset.

    Raises:
        ValueError: it has none.
    """
    if instant.tzinfo is None:
        msg = f"{what} {instant.isoformat()} has no time zone"
        raise ValueError(msg)
    return instant


def as_json(payload: Mapping[str, Any]) -> str:
    """``payload`` as it is stored.

    Raises:
        TypeError, ValueError: something in it has no form in JSON.
    """
    return json.dumps(dict(payload), allow_nan=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class NewJob:
    """A job to be asked for: under a key that nobody used for this kind, due at an aware instant."""

    kind: str
    key: str
    payload: Mapping[str, Any]
    due_at: datetime

    def __post_init__(self) -> None:
        aware(self.due_at, "due_at")


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A job while one worker holds it.

    ``attempts`` counts from 1, this one included, and starts again after a success. ``lease_epoch`` is the fence:
    whoever holds the job next has a higher one.
    """

    job_id: int
    kind: str
    key: str
    payload: dict[str, Any]
    due_at: datetime
    attempts: int
    lease_epoch: int


@dataclass(frozen=True, kw_only=True, slots=True)
class DeadJob:
    """A job that was given up at ``ended_at`` after ``attempts``, and why."""

    job_id: int
    kind: str
    key: str
    payload: dict[str, Any]
    attempts: int
    reason: str
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class Done:
    """It is done, for ever: its key stays taken."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Again:
    """It went well and is wanted again at ``due_at``, with another ``payload`` where one is given. Its attempts start
    anew: whoever counts looks does so in the payload."""

    due_at: datetime
    payload: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        aware(self.due_at, "due_at")
        as_json(self.payload or {})  # here the handler fails, later the whole batch would


@dataclass(frozen=True, kw_only=True, slots=True)
class Retry:
    """It failed and is to be tried again at ``due_at``."""

    due_at: datetime
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Dead:
    """It is given up until a person has it redriven."""

    reason: str


Ending = Done | Again | Retry | Dead
Handler = Callable[[Job], Done | Again]
