"""Whose pages a day's rows are: page rows matched to the deliverables that owned the pages on that day.

Belongs here: the choice of one owner for a row, as a pure function. Does not belong here: how addresses are compared
(``urls``) and who owns what (``deliverables.pages``). The warehouse makes the same choice over the lake:
an ownership counts for every Pacific day it touches, and on a day of handing over for the later owner.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from delivery_ops.deliverables.intervals import Interval
from delivery_ops.search_console.rows import Record

Owners = Mapping[str, Sequence[Interval]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """How many page rows belong to a deliverable, how many to none, and to which."""

    matched: int
    unmatched: int
    deliverable_ids: tuple[str, ...]


def match(pages: Iterable[Record], owners: Owners, day: tuple[datetime, datetime]) -> Match:
    """Match the page rows of the half-open interval ``day``; ``owners`` by page key."""
    found = [_owner(owners.get(page["page_key"], ()), day) for page in pages]
    matched = [owner for owner in found if owner is not None]
    return Match(
        matched=len(matched),
        unmatched=len(found) - len(matched),
        deliverable_ids=tuple(sorted(set(matched))),
    )


def _owner(intervals: Sequence[Interval], day: tuple[datetime, datetime]) -> str | None:
    start, end = day
    touching = [one for one in intervals if one.valid_from < end and (one.valid_to is None or start < one.valid_to)]
    return max(touching, key=lambda one: one.valid_from).deliverable_id if touching else None
