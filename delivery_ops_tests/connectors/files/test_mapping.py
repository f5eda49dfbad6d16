"""What a source must say is checked before its file is opened; what a row must hold, row by row, with a stable code."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from delivery_ops.connectors.files.mapping import KINDS, RowMapping
from delivery_ops.connectors.files.reading import Row
from delivery_ops.errors import BadUsage, Rejected
from delivery_ops.lake.datasets import COSTS, DEALS, REVENUE, TOUCHES
from delivery_ops.settings import FileSource

ENOUGH: dict[str, dict[str, str]] = {
    "deliverables": {"deliverable_id": "id", "client_id": "client", "type": "type"},
    "touches": {"touch_id": "id", "contact_id": "contact", "touched_at": "at"},
    "deals": {"deal_key": "id", "closed_at": "at"},
    "revenue": {"revenue_id": "id", "amount": "amount", "currency": "currency"},
    "costs": {"cost_id": "id", "deliverable_id": "deliverable", "worked_at": "at", "hours": "hours"},
}
VALUES = {
    "id": "007",
    "client": "acme",
    "type": "article",
    "contact": " c 1 ",
    "at": "2026-03-02",
    "amount": "12.50",
    "currency": "EUR",
    "deliverable": "d-1",
    "hours": "1.5",
    "minutes": "90",
    "cents": "1250",
    "empty": "",
}


def mapping(kind: str, *, without: str = "", constants: dict[str, str] | None = None, **columns: Any) -> RowMapping:
    named = {field: column for field, column in (ENOUGH[kind] | columns).items() if field != without}
    settings = {"name": "s", "kind": kind, "path": "rows.csv", "columns": named, "constants": constants or {}}
    return RowMapping(FileSource.model_validate(settings | {"zone": "Europe/Berlin"}))


def record(kind: str, *, values: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    return mapping(kind, **more).record(Row(line=2, values=VALUES | (values or {})))


@pytest.mark.parametrize(
    ("kind", "more", "said"),
    [
        pytest.param(
            "touches",
            {"moment": "at"},
            "columns.moment: touches have no field 'moment'; allowed are touch_id",
            id="unknown field",
        ),
        pytest.param("touches", {"without": "contact_id"}, "touches need the field 'contact_id'", id="field missing"),
        pytest.param("revenue", {"without": "amount"}, "revenue need one of amount, amount_minor", id="no amount"),
        pytest.param("costs", {"without": "hours"}, "one of amount, amount_minor, hours, minutes", id="no cost"),
        pytest.param("revenue", {"amount_minor": "cents"}, "amount and amount_minor say the same", id="two amounts"),
        pytest.param("costs", {"minutes": "minutes"}, "hours and minutes say the same", id="two times"),
        pytest.param("costs", {"amount": "amount"}, "an amount needs the field 'currency'", id="no currency"),
        pytest.param(
            "revenue", {"constants": {"currency": "EUR"}}, "constants.currency: the field is mapped", id="twice"
        ),
        pytest.param("deals", {"constants": {"currency": "EURO"}}, "'EURO' is no ISO 4217", id="no currency code"),
    ],
)
def test_a_source_that_cannot_work_is_refused_before_any_row(kind: str, more: dict[str, Any], said: str) -> None:
    with pytest.raises(BadUsage, match=said) as refused:
        mapping(kind, **more)
    assert "source s" in refused.value.subject


def test_a_column_that_the_file_has_not_is_named_with_those_it_has() -> None:
    with pytest.raises(BadUsage, match="no column 'contact'; it has id, at, Contact"):
        mapping("touches").require_columns(("id", "at", "Contact"))
    mapping("touches").require_columns(("at", "more", "contact", "id"))


def test_every_kind_fills_its_dataset() -> None:
    assert record("touches", deliverable_id="deliverable", constants={"touch_type": "mql"}, channel="empty") == {
        "touch_id": "007",
        "contact_id": " c 1 ",
        "account_id": None,
        "deliverable_id": "d-1",
        "channel": None,
        "touch_type": "mql",
        "milestone": None,
        "touched_at": datetime(2026, 3, 1, 23, tzinfo=UTC),
    }
    assert record("costs", amount="amount", currency="currency") == {
        "cost_id": "007",
        "deliverable_id": "d-1",
        "amount_minor": 1250,
        "currency": "EUR",
        "worked_minutes": 90,
        "worked_at": datetime(2026, 3, 1, 23, tzinfo=UTC),
    }
    assert record("revenue", without="amount", amount_minor="cents")["amount_minor"] == 1250
    assert record("costs", without="hours", minutes="minutes")["worked_minutes"] == 90
    for kind, dataset in (("touches", TOUCHES), ("deals", DEALS), ("revenue", REVENUE), ("costs", COSTS)):
        assert {"source", *record(kind)} == set(dataset.schema.names)
    assert set(record("deliverables")) == set(KINDS["deliverables"].fields)


def test_joined_columns_make_one_id_and_none_where_a_part_is_absent() -> None:
    assert record("revenue", revenue_id=["id", "deliverable"])["revenue_id"] == "007:d-1"
    assert record("revenue", deal_key=["id", "empty"])["deal_key"] is None


@pytest.mark.parametrize(
    ("kind", "values", "code", "cause"),
    [
        ("touches", {"id": ""}, "missing_field", "touch_id: it is empty"),
        ("touches", {"contact": ""}, "missing_field", "contact_id: it is empty"),
        ("touches", {"at": "2026-02-31"}, "invalid_instant", "touched_at: '2026-02-31' is no date"),
        ("revenue", {"amount": ""}, "missing_field", "amount or amount_minor: all of them are empty"),
        ("revenue", {"amount": "1.2oo,00"}, "invalid_amount", "amount: '1.2oo,00' is no decimal number"),
        ("revenue", {"amount": "1.005"}, "invalid_amount", "more than the 2 decimals of EUR"),
        ("revenue", {"amount": "1.5", "currency": "JPY"}, "invalid_amount", "more than the 0 decimals of JPY"),
        ("revenue", {"amount": "99999999999999999999"}, "invalid_amount", "too large"),
        ("revenue", {"currency": "eur"}, "invalid_currency", "'eur' is no ISO 4217"),
        ("costs", {"hours": "1:30"}, "invalid_number", "hours: '1:30' is no number of hours"),
    ],
)
def test_a_row_that_cannot_be_read_says_which_field_and_why(
    kind: str, values: dict[str, str], code: str, cause: str
) -> None:
    with pytest.raises(Rejected) as refused:
        record(kind, values=values)
    assert refused.value.code == code
    assert cause in refused.value.cause


def test_an_amount_without_its_currency_is_refused_and_hours_alone_need_none() -> None:
    both = {"amount": "amount", "currency": "currency"}
    with pytest.raises(Rejected, match="beside an amount"):
        record("costs", values={"currency": ""}, **both)
    alone = record("costs", values={"currency": "", "amount": ""}, **both)
    assert (alone["amount_minor"], alone["currency"], alone["worked_minutes"]) == (None, None, 90)
