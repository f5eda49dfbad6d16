"""What a source must say is checked when the configuration is read, and told with the key it stands under."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from delivery_ops.config_words import WrongKey
from delivery_ops.file_source import FileSource

ENOUGH: dict[str, dict[str, str]] = {
    "deliverables": {"deliverable_id": "id", "client_id": "client", "type": "type"},
    "touches": {"touch_id": "id", "contact_id": "contact", "touched_at": "at"},
    "deals": {"deal_key": "id", "closed_at": "at"},
    "revenue": {"revenue_id": "id", "amount": "amount", "currency": "currency"},
    "costs": {"cost_id": "id", "deliverable_id": "deliverable", "worked_at": "at", "hours": "hours"},
}


def source(kind: str, *, without: str = "", more: dict[str, Any] | None = None, **columns: Any) -> FileSource:
    named = {field: column for field, column in (ENOUGH[kind] | columns).items() if field != without}
    return FileSource.model_validate({"name": "s", "kind": kind, "path": "x", "columns": named} | (more or {}))


@pytest.mark.parametrize("kind", ENOUGH)
def test_what_is_enough_is_taken(kind: str) -> None:
    assert source(kind).kind == kind


@pytest.mark.parametrize(
    ("kind", "given", "key", "said"),
    [
        ("touches", {"moment": "at"}, "columns.moment", "touches have no field 'moment'; allowed are touch_id"),
        ("touches", {"more": {"constants": {"moment": "1"}}}, "constants.moment", "touches have no field 'moment'"),
        ("touches", {"without": "contact_id"}, "columns", "touches need the field 'contact_id'"),
        ("revenue", {"without": "amount"}, "columns", "revenue need one of amount, amount_minor"),
        ("costs", {"without": "hours"}, "columns", "one of amount, amount_minor, hours, minutes"),
        ("revenue", {"amount_minor": "cents"}, "columns.amount_minor", "amount and amount_minor say the same"),
        ("costs", {"minutes": "minutes"}, "columns.minutes", "hours and minutes say the same"),
        ("costs", {"more": {"constants": {"minutes": "5"}}}, "constants.minutes", "hours and minutes say the same"),
        ("costs", {"amount": "amount"}, "columns", "an amount needs the field 'currency'"),
        ("revenue", {"more": {"constants": {"currency": "EUR"}}}, "constants.currency", "the field is mapped"),
        ("deals", {"more": {"constants": {"currency": "EURO"}}}, "constants.currency", "'EURO' is no ISO 4217"),
        ("deals", {"contact_id": []}, "columns.contact_id", "it names no column"),
        (
            "touches",
            {"more": {"values": {"channel": {"a": "b"}}}},
            "values.channel",
            "no column is mapped to 'channel'",
        ),
        ("costs", {"more": {"client": "acme"}}, "client", "costs have none of contact_id, account_id"),
    ],
)
def test_a_source_that_cannot_work_is_refused_with_its_key(
    kind: str, given: dict[str, Any], key: str, said: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        source(kind, **given)
    [problem] = refused.value.errors()
    wrong = problem["ctx"]["error"]
    assert isinstance(wrong, WrongKey)
    assert ".".join(map(str, wrong.key)) == key
    assert said in str(wrong)
