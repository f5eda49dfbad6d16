"""There is one clock, and a frozen instant replaces it everywhere at once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import delivery_ops
from delivery_ops import clock

PACKAGE = Path(delivery_ops.__file__).parent


@pytest.fixture(autouse=True)
def _unfrozen_afterwards() -> Iterator[None]:
    yield
    clock.read_from(None)


def test_now_is_aware_and_utc() -> None:
    assert clock.now().tzinfo is UTC


def test_a_frozen_instant_replaces_the_system_clock() -> None:
    instant = datetime(2026, 3, 29, 23, 30, tzinfo=UTC)
    clock.read_from(lambda: instant)
    assert clock.now() == instant
    assert clock.today(ZoneInfo("Europe/Berlin")) == date(2026, 3, 30)
    assert clock.today(ZoneInfo("America/Los_Angeles")) == date(2026, 3, 29)


def test_an_empty_source_means_the_system_clock() -> None:
    clock.read_from(lambda: None)
    before = datetime.now(UTC)
    assert before <= clock.now() <= datetime.now(UTC)


def test_nobody_else_asks_the_system_for_the_time() -> None:
    callers = []
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner = node.func.value
                name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
                if (name, node.func.attr) in {
                    ("datetime", "now"),
                    ("datetime", "utcnow"),
                    ("date", "today"),
                    ("time", "time"),
                }:
                    callers.append(path.relative_to(PACKAGE).as_posix())
    assert set(callers) <= {"clock.py"}
