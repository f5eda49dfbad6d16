"""A mistyped id must not become a deliverable, and one that a rule knows must not be lost."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from delivery_ops import clock
from delivery_ops.contracts.envelope import EventDraft
from delivery_ops.contracts.wire import to_wire
from delivery_ops.errors import Rejected
from delivery_ops.ledger.intake import append_ndjson

AT = datetime(2026, 3, 2, tzinfo=UTC)


def said(items: list[EventDraft | Rejected]) -> list[str]:
    return [
        f"{item.event_type} {item.deliverable_id} {item.client_id}" if isinstance(item, EventDraft) else item.code
        for item in items
    ]


def test_the_first_rule_that_matches_registers_an_unknown_deliverable_once(operation) -> None:
    drafts = [
        operation.draft("intake.received", "lp-1", correlation_id="c-1"),
        operation.draft("intake.received", "typo"),
        operation.draft("scope.accepted", "lp-1"),
        operation.draft("intake.received", "b-1"),
    ]
    prepared = operation.registrar.prepare(drafts)
    assert said(prepared) == [
        "deliverable.registered lp-1 acme",
        "intake.received lp-1 acme",
        "unknown_deliverable",
        "scope.accepted lp-1 acme",
        "deliverable.registered b-1 bolt",
        "intake.received b-1 bolt",
    ]
    registration = prepared[0]
    assert isinstance(registration, EventDraft)
    assert registration.payload == {"type": "landing_page", "tier": "gold", "url": None, "first_source": "cms"}
    assert (registration.timestamp, registration.correlation_id) == (AT, "c-1")
    assert prepared[5].payload == drafts[3].payload
    operation.append(*(item for item in prepared if isinstance(item, EventDraft)))
    assert said(operation.registrar.prepare([operation.draft("scope.accepted", "b-1")])) == ["scope.accepted b-1 bolt"]


def test_a_registration_in_the_same_batch_counts_from_there_on(operation) -> None:
    drafts = [
        operation.draft("intake.received", "d-1"),
        operation.registered("d-1"),
        operation.draft("scope.accepted", "d-1"),
    ]
    assert said(operation.registrar.prepare(drafts)) == [
        "unknown_deliverable",
        "deliverable.registered d-1 acme",
        "scope.accepted d-1 acme",
    ]


@pytest.mark.parametrize(
    ("event_type", "deliverable_id", "more", "code"),
    [
        ("intake.received", "known", {"client_id": "bolt"}, "client_mismatch"),
        ("intake.received", "lp-new", {"client_id": "bolt"}, "client_mismatch"),
        ("deliverable.registered", "known", {"client_id": "bolt", "type": "article", "url": None}, "client_mismatch"),
        ("deliverable.registered", "new", {"client_id": "who", "type": "article", "url": None}, "unknown_client"),
        ("deliverable.registered", "new", {"client_id": "acme", "type": "poem", "url": None}, "unknown_type"),
        (
            "deliverable.registered",
            "new",
            {"client_id": "acme", "type": "article", "url": "http://a b/"},
            "invalid_url",
        ),
        ("page.published", "known", {"url": "https://exa%20mple/"}, "invalid_url"),
    ],
)
def test_what_disagrees_with_the_register_is_refused(
    operation, event_type: str, deliverable_id: str, more: dict[str, Any], code: str
) -> None:
    operation.append(operation.registered("known"))
    draft = operation.draft(event_type, deliverable_id, **more)
    refused = operation.registrar.prepare([draft])
    assert said(refused) == [code]
    assert said(operation.registrar.prepare([operation.draft("intake.received", "new")])) == ["unknown_deliverable"]


def test_an_event_about_many_needs_all_of_them(operation) -> None:
    invoice = {"invoice_id": "i-1", "amount_minor": 100, "currency": "EUR"}
    operation.append(operation.registered("known"))
    drafts = [
        operation.draft("invoice.generated", None, deliverable_ids=["known", "lp-1"], **invoice),
        operation.draft("invoice.generated", None, deliverable_ids=["known", "lp-2", "typo"], **invoice),
        operation.draft("invoice.generated", None, deliverable_ids=["lp-1", "b-1"], client_id="acme", **invoice),
        operation.draft("invoice.generated", None, deliverable_ids=[], **invoice),
    ]
    assert said(operation.registrar.prepare(drafts)) == [
        "deliverable.registered lp-1 acme",
        "invoice.generated None None",
        "unknown_deliverable",
        "client_mismatch",
        "invoice.generated None None",
    ]


def test_synthetic_and_subjectless_events_pass_as_they_are(operation) -> None:
    drafts = [
        operation.draft("intake.received", "typo", synthetic=True),
        operation.draft("ingest.conflict", None, source="delivery_ops"),
    ]
    assert operation.registrar.prepare(drafts) == drafts


def test_rows_get_their_registrations_or_the_reason(operation) -> None:
    operation.append(operation.registered("known"))
    named = {"known": AT, "lp-1": AT, "typo": AT, "lp-" + "x" * 300: AT}
    drafts, refused = operation.registrar.register("crm", named)
    assert said(list(drafts)) == ["deliverable.registered lp-1 acme"]
    assert drafts[0].source == drafts[0].payload["first_source"] == "crm"
    assert {one: error.code for one, error in refused.items()} == {
        "typo": "unknown_deliverable",
        "lp-" + "x" * 300: "invalid_envelope",
    }


def test_work_planned_ahead_registers_its_deliverable_today(operation) -> None:
    before = clock.now()
    [registration], _ = operation.registrar.register("hours", {"lp-1": before + timedelta(days=30)})
    assert before <= registration.timestamp <= clock.now()


def test_the_balance_of_an_intake_counts_what_came_in_and_not_what_the_rules_added(operation) -> None:
    drafts = [operation.draft("intake.received", one) for one in ("lp-1", "typo", "b-1", "lp-1")]
    lines = [json.dumps(to_wire(draft)).encode() for draft in drafts]
    first = append_ndjson(operation.ledger, lines, operation.registrar)
    assert (first.received, first.kept, first.rejected) == (4, 3, 1)
    operation.append()
    assert operation.rows("select deliverable_id, client_id, tier from ops.deliverable order by 1") == [
        ("b-1", "bolt", "silver"),
        ("lp-1", "acme", "gold"),
    ]
    again = append_ndjson(operation.ledger, lines, operation.registrar)
    assert (again.received, again.duplicate, again.rejected) == (4, 3, 1)
    assert operation.rows("select count(*) from ledger.event") == [(5,)]
