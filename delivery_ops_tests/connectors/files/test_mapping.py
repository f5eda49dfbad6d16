"""What a row must hold is checked row by row, with a stable code; ids are joined so that no two are taken for one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_ops.connectors.files.mapping import RowMapping, joined
from delivery_ops.connectors.files.rows import Row, UnreadableFile
from delivery_ops.errors import Rejected
from delivery_ops.file_source import KINDS, FileSource
from delivery_ops.lake.datasets import COSTS, DEALS, REVENUE, TOUCHES

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


def mapping(kind: str, *, without: str = "", source: dict[str, Any] | None = None, **columns: Any) -> RowMapping:
    named = {field: column for field, column in (ENOUGH[kind] | columns).items() if field != without}
    settings = {"name": "s", "kind": kind, "path": "rows.csv", "columns": named, "zone": "Europe/Berlin"}
    return RowMapping(FileSource.model_validate(settings | (source or {})))


def record(kind: str, *, values: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    return mapping(kind, **more).record(Row(line=2, values=VALUES | (values or {})))


def test_a_column_that_the_file_has_not_is_named_with_those_it_has() -> None:
    with pytest.raises(UnreadableFile, match="no column 'contact'; it has id, at, Contact"):
        mapping("touches").require_columns(("id", "at", "Contact"))
    mapping("touches").require_columns(("at", "more", "contact", "id"))


def test_every_kind_fills_its_dataset() -> None:
    assert record(
        "touches", deliverable_id="deliverable", source={"constants": {"touch_type": "mql"}}, channel="empty"
    ) == {
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


PARTS = st.lists(st.text(alphabet=":\\ab", min_size=1), min_size=2, max_size=4)


@given(one=PARTS, other=PARTS)
def test_other_parts_never_make_the_same_id(one: list[str], other: list[str]) -> None:
    assert (joined(one) == joined(other)) == (one == other)


def test_a_part_that_holds_the_separator_is_told_from_two_parts() -> None:
    assert joined(["a:b", "c"]) == r"a\:b:c"
    assert joined(["a", "b:c"]) == r"a:b\:c"
    assert joined(["a:b"]) == "a:b"


def test_ids_of_a_client_are_that_clients_own() -> None:
    own = {"source": {"client": "acme"}}
    assert record("touches", **own)["contact_id"] == "acme: c 1 "
    assert record("touches", **own)["touch_id"] == "007"
    deal = record("deals", account_id=["id", "client"], contact_id="empty", refund_of="deliverable", **own)
    assert (deal["deal_key"], deal["account_id"], deal["contact_id"]) == ("acme:007", "acme:007:acme", None)
    assert deal["refund_of"] == record("revenue", deal_key="deliverable", **own)["deal_key"] == "acme:d-1"


def test_their_texts_are_replaced_by_ours_and_others_stay() -> None:
    source = {"values": {"channel": {"article": "content", "EUR": ""}}}
    assert record("touches", channel="type", source=source)["channel"] == "content"
    assert record("touches", channel="cents", source=source)["channel"] == "1250"
    assert record("touches", channel="currency", source=source)["channel"] is None
    assert record("touches", channel=["type", "id"], source=source)["channel"] == "content:007"


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
        ("revenue", {"amount": "10000000000000.01"}, "invalid_amount", "1000000000000000 is the largest"),
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


@pytest.mark.parametrize("columns", [{"amount": "amount"}, {"amount_minor": "cents"}], ids=["decimal", "minor units"])
def test_an_amount_without_its_currency_is_refused_and_hours_alone_need_none(columns: dict[str, str]) -> None:
    with pytest.raises(Rejected, match="currency: it is empty beside an amount") as refused:
        record("costs", values={"currency": ""}, currency="currency", **columns)
    assert refused.value.code == "missing_field"
    empty = dict.fromkeys(("currency", *columns.values()), "")
    alone = record("costs", values=empty, currency="currency", **columns)
    assert (alone["amount_minor"], alone["currency"], alone["worked_minutes"]) == (None, None, 90)
