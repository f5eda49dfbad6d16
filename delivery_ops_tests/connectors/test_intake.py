"""What becomes of a webhook before anybody is told. At stake: a sender that is told "taken" of what is nowhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from delivery_ops.connectors.delivery import HookCheck
from delivery_ops.connectors.intake import Intake, UnknownSource
from delivery_ops.contracts.envelope import EventDraft
from delivery_ops.database.roles import Role
from delivery_ops.deliverables.registration import Registrar
from delivery_ops.errors import Rejected
from delivery_ops.ledger.ledger import Ledger

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def published(key, deliverable_id="dlv-1", url="http://www.agency.example/a"):
    return EventDraft(
        event_type="page.published",
        source="cms",
        idempotency_key=key,
        timestamp=NOW,
        actor_role="publisher",
        deliverable_id=deliverable_id,
        payload={"url": url},
    )


@pytest.fixture
def says(database, settings_factory):
    """An intake whose one source says this of every delivery."""
    settings = settings_factory(
        registration={"rules": [{"id_prefix": "dlv-", "client": "acme", "type": "landing_page"}]}
    )
    parts = {
        "ledger": Ledger(database.engine(Role.writer)),
        "registrar": Registrar(settings, database.engine(Role.folder)),
        "engine": database.engine(Role.writer),
        "now": lambda: NOW,
    }

    def intake(*events, **found):
        check = HookCheck(**{"authentic": True, "stale": False, "reason": None, "events": events, **found})
        return Intake(**parts, sources={"cms": lambda delivery: check})

    return intake


def test_nobody_is_told_before_all_is_kept_and_the_next_attempt_finds_what_was(says, database):
    intake = says(published("a"))
    with pytest.raises(ProgrammingError):
        replace(intake, engine=database.engine(Role.reader)).receive("cms", [], b"{}")
    [kept] = [event for event in intake.ledger.read() if event.event_type == "page.published"]
    receipt = intake.receive("cms", [], b"{}")
    assert (receipt.outcome, receipt.event_ids) == ("accepted", (kept.event_id,))


@pytest.mark.parametrize(
    ("events", "outcome", "ids"),
    [
        ([published("b"), published("c")], "accepted", 2),
        ([published("b"), published("c", "typo")], "rejected", 1),
        ([published("c", "typo"), published("a", url="http://www.agency.example/other")], "conflict", 0),
        (
            [published("a", url="http://www.agency.example/other"), published("c", "typo"), published("b")],
            "conflict",
            1,
        ),
    ],
)
def test_of_several_events_the_worst_decides_and_the_others_are_kept(says, events, outcome, ids):
    says(published("a")).receive("cms", [], b"first")
    receipt = says(*events).receive("cms", [], b"second")
    assert (receipt.outcome, len(receipt.event_ids)) == (outcome, ids)
    assert (receipt.reason is None) == (outcome == "accepted")


@pytest.mark.parametrize(
    ("found", "outcome", "reason"),
    [
        ({"authentic": False, "reason": "wrong_signature"}, "refused", "wrong_signature"),
        ({"stale": True, "reason": "stale_timestamp"}, "quarantined", "stale_timestamp"),
        (
            {"reason": "odd", "fault": Rejected("reading", subject="it", cause="is odd", remedy="-", code="odd")},
            "rejected",
            "is odd",
        ),
    ],
)
def test_what_is_not_taken_says_why_and_tells_the_ledger_nothing(says, found, outcome, reason):
    intake = says(published("a"), **found)
    receipt = intake.receive("cms", [], b"{}")
    assert (receipt.outcome, receipt.reason, receipt.event_ids) == (outcome, reason, ())
    assert intake.ledger.read() == []


def test_a_stale_delivery_that_is_not_understood_either_waits_in_quarantine(says):
    fault = Rejected("reading", subject="it", cause="is odd", remedy="-", code="odd")
    assert says(stale=True, reason="odd", fault=fault).receive("cms", [], b"{").outcome == "quarantined"


def test_an_unknown_source_is_refused_by_name_and_nothing_is_kept(says, database):
    with pytest.raises(UnknownSource, match="nobody"):
        says().receive("nobody", [], b"{}")
    with database.engine(Role.reader).connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM ops.delivery")) == 0


def test_a_delivery_is_dated_by_the_intakes_clock(says, database):
    intake = replace(says(), now=lambda: NOW + timedelta(days=3))
    intake.receive("cms", [("X-A", "b")], b"{}")
    with database.engine(Role.reader).connect() as connection:
        assert connection.scalar(text("SELECT first_seen_at FROM ops.delivery")) == NOW + timedelta(days=3)
