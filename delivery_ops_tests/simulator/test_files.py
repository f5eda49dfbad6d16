"""The exports say what the CRM, the billing system and the time sheet know, and their broken rows are broken once.

Read from the bytes alone, with nothing but the csv module.
"""

from __future__ import annotations

import csv
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pytest

from delivery_ops.simulator import planted
from delivery_ops.simulator.business_time import BERLIN
from delivery_ops.simulator.files import decimal, files_of, write_files
from delivery_ops.simulator.records import Agency
from delivery_ops.simulator.truth import Truth

Table = list[list[str]]


def _table(agency: Agency, name: str) -> Table:
    return list(csv.reader(files_of(agency)[name].decode().splitlines()))


def _is_broken(name: str, header: list[str], row: list[str], known: set[str]) -> bool:
    """Whether no reader could take the row: its shape, an instant, an amount, or whose it is."""
    if len(row) != len(header):
        return True
    values = dict(zip(header, row, strict=True))
    try:
        for column in ("at", "won_at", "booked", "day"):
            datetime.fromisoformat(values.get(column, "2026-03-02"))
        Decimal(values.get("amount", "0"))
    except (ValueError, InvalidOperation):
        return True
    return values.get("deliverable", "") not in {"", *known}


@pytest.mark.parametrize("name", ["deliverables.csv", "touches.csv", "deals.csv", "revenue.csv", "costs.csv"])
def test_the_broken_and_the_repeated_rows_are_the_planted_ones(agency: Agency, truth: Truth, name: str) -> None:
    header, *rows = _table(agency, name)
    known = {d.deliverable_id for d in agency.deliverables}
    broken = [row for row in rows if _is_broken(name, header, row, known)]
    assert broken == list(csv.reader(planted.REJECTED_ROWS.get(name, ())))
    ids = [row[0] for row in rows if row not in broken]
    assert len(ids) - len(set(ids)) == truth.files[name].duplicate
    assert len(rows) == truth.files[name].received
    assert len(set(ids)) == truth.files[name].kept
    assert len(broken) == truth.files[name].rejected


def test_the_repeated_row_is_equal_to_its_first(agency: Agency) -> None:
    rows = _table(agency, planted.REPEATS_ITS_FIRST_ROW)[1:]
    assert rows.count(rows[0]) == 2


@pytest.mark.parametrize(
    ("amount_minor", "currency", "text"),
    [
        (0, "EUR", "0.00"),
        (5, "EUR", "0.05"),
        (-5, "GBP", "-0.05"),
        (-15_001, "GBP", "-150.01"),
        (980_000, "EUR", "9800.00"),
        (125_001, "JPY", "125001"),
    ],
)
def test_amounts_are_printed_exactly(amount_minor: int, currency: str, text: str) -> None:
    assert decimal(amount_minor, currency) == text


def test_revenue_rows_sum_to_the_records_they_came_from(agency: Agency) -> None:
    printed: dict[str, Decimal] = {}
    for _, _, amount, currency, _ in _table(agency, "revenue.csv")[1:]:
        if "o" not in amount:
            printed[currency] = printed.get(currency, Decimal()) + Decimal(amount)
    for currency, total in printed.items():
        minor = sum(row.amount_minor for row in agency.revenue if row.currency == currency)
        assert total == Decimal(decimal(minor, currency))
    assert printed.keys() == {"EUR", "GBP", "JPY"}


def test_local_times_of_deals_are_the_instants_of_the_records(agency: Agency) -> None:
    printed = {row[0]: datetime.fromisoformat(row[3]).replace(tzinfo=BERLIN) for row in _table(agency, "deals.csv")[1:]}
    assert printed == {deal.deal_key: deal.closed_at for deal in agency.deals}


def test_hours_are_exact_quarters(agency: Agency) -> None:
    printed = {row[0]: row[2] for row in _table(agency, "costs.csv")[1:] if len(row) == 5}
    for cost in agency.costs:
        assert printed[cost.cost_id] == (
            "" if cost.minutes is None else str(Decimal(cost.minutes) / 60 + Decimal("0.00"))
        )
    assert "" in printed.values()


def test_writing_twice_leaves_the_same_bytes(agency: Agency, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "simulated"
    for _ in range(2):
        write_files(agency.seed, folder)
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == files_of(agency)
