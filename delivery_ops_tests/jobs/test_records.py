"""At stake: a due time without an offset, which would be read in whatever zone a server is set to."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from delivery_ops.jobs.records import Again, NewJob

NAIVE = datetime(2026, 3, 30, 12)  # noqa: DTZ001


def test_a_due_time_without_an_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="due_at 2026-03-30T12:00:00 has no time zone"):
        NewJob(kind="look", key="k", payload={}, due_at=NAIVE)
    with pytest.raises(ValueError, match="due_at 2026-03-30T12:00:00 has no time zone"):
        Again(due_at=NAIVE)


@pytest.mark.parametrize("nothing_in_json", [float("nan"), NAIVE, {1, 2}, b"bytes"], ids=repr)
def test_a_handler_that_wants_what_cannot_be_stored_fails_by_itself(nothing_in_json: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        Again(due_at=NAIVE.replace(tzinfo=UTC), payload={"look": nothing_in_json})
