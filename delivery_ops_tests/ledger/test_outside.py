"""At stake: a draft of a webhook or a poll that is neither kept nor refused, or that says what only the system says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa

from delivery_ops import clock
from delivery_ops.contracts.envelope import EventDraft
from delivery_ops.database.database import Database
from delivery_ops.database.roles import Role
from delivery_ops.errors import Rejected
from delivery_ops.ledger.ledger import Ledger
from delivery_ops.ledger.outside import append_from_outside

Make = Callable[..., EventDraft]


class Registering:
    """Registers every deliverable but the one named ``typo``."""

    def prepare(self, drafts: Sequence[EventDraft]) -> list[EventDraft | Rejected]:
        prepared: list[EventDraft | Rejected] = []
        for draft in drafts:
            if draft.deliverable_id == "typo":
                prepared.append(Rejected("registering", subject="typo", cause="unknown", remedy="Add it.", code="typo"))
                continue
            facts = {"type": "landing_page", "tier": "gold", "url": None, "first_source": "cms"}
            key = f"registration/{draft.deliverable_id}"
            kind = {"event_type": "deliverable.registered", "idempotency_key": key, "payload": facts}
            prepared += [replace(draft, **kind), draft]
        return prepared


def test_each_draft_comes_to_one_outcome_in_its_order_and_the_balance_adds_up(
    ledger: Ledger, draft: Make, database: Database
) -> None:
    drafts = [
        draft("a"),
        draft("b", deliverable_id="typo"),
        draft("c", event_type="deliverable.held", payload={"gate": "meta"}),
        draft("d", timestamp=clock.now() + timedelta(hours=1)),
        draft("a"),
        draft("a", payload={"url": "https://www.acme.example/other"}),
        draft("e"),
    ]
    results = append_from_outside(ledger, drafts, Registering(), origin="webhook of cms")
    assert [(one.outcome, one.code) for one in results] == [
        ("kept", None),
        ("rejected", "typo"),
        ("rejected", "reserved_event_type"),
        ("rejected", "in_the_future"),
        ("duplicate", None),
        ("conflict", "idempotency_conflict"),
        ("kept", None),
    ]
    with database.engine(Role.reader).connect() as connection:
        counts = "SELECT origin, received, kept, duplicate, conflict, rejected FROM ops.intake"
        assert connection.execute(sa.text(counts)).all() == [("webhook of cms", 7, 2, 1, 1, 3)]
        refused = "SELECT code, idempotency_key, origin FROM ops.rejected ORDER BY idempotency_key"
        assert [tuple(row) for row in connection.execute(sa.text(refused))] == [
            ("typo", "b", "webhook of cms"),
            ("reserved_event_type", "c", "webhook of cms"),
            ("in_the_future", "d", "webhook of cms"),
        ]
    assert [e.event_type for e in ledger.read()] == [
        "deliverable.registered",
        "page.published",
        "page.published",
        "ingest.conflict",
    ]


def test_nothing_is_nothing(ledger: Ledger, database: Database) -> None:
    assert append_from_outside(ledger, [], Registering(), origin="poll") == []
    with database.engine(Role.reader).connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM ops.intake")) == 0
