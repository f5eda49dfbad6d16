"""At stake: a person is told that all is well when it is not, or that nothing runs when it does.

What is looked at is real in ``commands/test_operation`` and ``system/test_up``; here is what is said of it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from delivery_ops.status import LastRun, Status

NOON = datetime(2026, 3, 30, 12, tzinfo=UTC)


def told(**changes: object) -> dict[str, str]:
    plain = {
        "operation": "boots",
        "config_dir": Path("/boots"),
        "postgresql": "not running",
        "up": None,
        "last_run": None,
        "report": None,
    }
    return dict(Status(**{**plain, **changes}).lines())


def test_of_an_operation_that_never_ran_nothing_is_known() -> None:
    assert told() == {
        "operation": "boots, configured in /boots",
        "PostgreSQL": "not running",
        "Dagster": "not running: delivery-ops up --config /boots starts it",
        "last run": "none known",
        "report": "none yet: delivery-ops run --config /boots makes it",
    }


@pytest.mark.parametrize(("address", "said"), [("", "starting"), ("http://127.0.0.1:3000", "http://127.0.0.1:3000")])
def test_up_is_told_by_its_address_once_it_answers(address: str, said: str) -> None:
    assert told(up=address)["Dagster"] == said


@pytest.mark.parametrize(
    ("state", "clean", "ended_at", "said"),
    [
        ("success", True, NOON, "4d382272, 30 Mar 2026, 12:00 UTC: clean"),
        (
            "success",
            False,
            NOON,
            "4d382272, 30 Mar 2026, 12:00 UTC: something could not be done or a check failed: see the report",
        ),
        ("failure", False, NOON, "4d382272, 30 Mar 2026, 12:00 UTC: failure"),
        ("started", False, None, "4d382272: started"),
    ],
)
def test_only_a_clean_run_is_told_as_clean(state: str, clean: bool, ended_at: datetime | None, said: str) -> None:
    last = LastRun(run_id="4d382272-0000", state=state, clean=clean, ended_at=ended_at)
    assert told(last_run=last)["last run"] == said
