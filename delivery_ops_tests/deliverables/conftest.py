"""An operation as the deliverables room sees it: a ledger, its registrar, and events told in a few words."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text

from delivery_ops.contracts.envelope import EventDraft
from delivery_ops.database.database import Database
from delivery_ops.database.roles import Role
from delivery_ops.deliverables.fold import DELIVERABLES
from delivery_ops.deliverables.registration import Registrar
from delivery_ops.ledger.consume import catch_up
from delivery_ops.ledger.ledger import Ledger
from delivery_ops.settings import Settings

START = datetime(2026, 3, 2, tzinfo=UTC)


@dataclass(kw_only=True)
class Operation:
    database: Database
    settings: Settings
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.database.engine(Role.writer))
        self.registrar = Registrar(self.settings, self.database.engine(Role.folder))

    def draft(self, event_type: str, deliverable_id: str | None = "d-1", *, day: float = 0, **more: Any) -> EventDraft:
        envelope = {
            name: more.pop(name) for name in ("client_id", "synthetic", "source", "correlation_id") if name in more
        }
        return EventDraft(
            event_type=event_type,
            idempotency_key=f"{event_type}/{next(self.numbers)}",
            timestamp=START + timedelta(days=day),
            actor_role="system",
            deliverable_id=deliverable_id,
            payload=more,
            **{"source": "cms", **envelope},
        )

    def registered(
        self, deliverable_id: str = "d-1", *, url: str | None = None, day: float = 0, **more: Any
    ) -> EventDraft:
        facts = {"type": "landing_page", "tier": "gold", "url": url, "first_source": "cms", "client_id": "acme"}
        return self.draft("deliverable.registered", deliverable_id, day=day, **(facts | more))

    def append(self, *drafts: EventDraft) -> None:
        """Append, all of it kept, and fold."""
        assert [result.outcome for result in self.ledger.append(drafts)] == ["kept"] * len(drafts)
        catch_up(self.database.engine(Role.folder), [DELIVERABLES])

    def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        with self.reading() as connection:
            return [tuple(row) for row in connection.execute(text(query), values)]

    def reading(self) -> Connection:
        return self.database.engine(Role.reader).connect()


@pytest.fixture
def operation(database: Database, settings_factory: Callable[..., Settings]) -> Operation:
    settings = settings_factory(
        clients=[
            {"id": "acme", "name": "Acme", "tier": "gold"},
            {"id": "bolt", "name": "Bolt", "tier": "silver"},
        ],
        deliverable_types=["landing_page", "article"],
        registration={
            "rules": [
                {"id_prefix": "lp-", "client": "acme", "type": "landing_page"},
                {"id_prefix": "lp-b", "client": "bolt", "type": "article"},
                {"id_prefix": "b-", "client": "bolt", "type": "article"},
            ]
        },
    )
    return Operation(database=database, settings=settings)
