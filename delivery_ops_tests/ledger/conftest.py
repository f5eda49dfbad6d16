"""Drafts, and a ledger on a fresh PostgreSQL database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from delivery_ops.contracts.envelope import EventDraft
from delivery_ops.database.database import Database
from delivery_ops.database.roles import Role
from delivery_ops.ledger.ledger import Ledger


@pytest.fixture
def draft() -> Callable[..., EventDraft]:
    """``draft("k1")`` is the publication of a page under the key k1; keyword arguments replace fields."""

    def make(key: str, **changes: Any) -> EventDraft:
        fields: dict[str, Any] = {
            "event_type": "page.published",
            "source": "cms",
            "idempotency_key": key,
            "timestamp": datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
            "actor_role": "editor",
            "payload": {"url": f"https://www.acme.example/{key}"},
            "deliverable_id": "D-7",
            "client_id": "acme",
        }
        return EventDraft(**(fields | changes))

    return make


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return Ledger(database.engine(Role.writer))
