"""A draft that keeps its contract, for tests that change one thing about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from delivery_ops.contracts.envelope import EventDraft


@pytest.fixture
def draft() -> Callable[..., EventDraft]:
    def make(**changes: Any) -> EventDraft:
        fields: dict[str, Any] = {
            "event_type": "page.published",
            "source": "cms",
            "idempotency_key": "page-7",
            "timestamp": datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
            "actor_role": "editor",
            "payload": {"url": "https://www.acme.example/launch"},
            "deliverable_id": "D-7",
            "client_id": "acme",
        }
        return EventDraft(**(fields | changes))

    return make
