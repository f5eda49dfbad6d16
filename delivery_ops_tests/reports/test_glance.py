"""The answers at a glance: each to its question, in every currency, and none where nothing is known."""

from __future__ import annotations

from dataclasses import replace

from delivery_ops.reports.data import Balance, ReportData
from delivery_ops.reports.glance import answers, unattributed


def figures(data: ReportData) -> dict[str, tuple[str, ...]]:
    return {answer.question: answer.figures for answer in answers(data)}


def test_an_ordinary_day_answers_every_question(ordinary: ReportData) -> None:
    assert figures(ordinary) == {
        "Balance": ("adds up",),
        "Live now": ("41",),
        "Not passing a gate": ("6",),  # eight verdicts on six deliverables
        "Revenue": ("EUR 187,345.01",),
        "Unattributed": ("EUR 26,351.99 (14.1 %)",),
        "Seen, met by nobody": ("6.9 %",),
        "Search known up to": ("28 Mar 2026",),
    }


def test_nothing_known_is_no_answer(empty: ReportData) -> None:
    assert figures(empty) == {"Balance": ("adds up",), "Live now": ("0",)}


def test_currencies_stand_beside_each_other(several_currencies: ReportData) -> None:
    told = {answer.question: answer for answer in answers(several_currencies)}
    assert told["Revenue"].figures == ("EUR 100.00", "JPY 1,500,000", "BHD 1,234.567")
    assert told["Unattributed"].figures == ("EUR 0.00 (0 %)", "JPY 0 (0 %)", "BHD 1,234.567 (100 %)")
    assert told["Revenue"].note == "and 1 more currency"


def test_where_models_differ_the_share_is_a_range(ordinary: ReportData) -> None:
    halved = tuple(
        replace(split, volume_minor=split.volume_minor // 2) if split.model == "last" else split
        for split in ordinary.credit_splits
    )
    assert (
        unattributed(replace(ordinary, credit_splits=halved), ordinary.revenue[0])
        == "EUR 13,175.99 to 26,351.99 (7.0 % to 14.1 %)"
    )


def test_losses_and_surpluses_do_not_cancel_out(ordinary: ReportData) -> None:
    broken = (
        Balance(kind="events", subject="a", incoming=3, outcomes={"kept": 1}),
        Balance(kind="file", subject="b", incoming=1, outcomes={"kept": 3}),
    )
    data = replace(ordinary, run=replace(ordinary.run, balances=broken))
    assert figures(data)["Balance"] == ("4 unaccounted",)


def test_a_share_says_what_it_is_a_share_of(ordinary: ReportData, several_currencies: ReportData) -> None:
    notes = [
        {answer.question: answer.note for answer in answers(data)}["Unattributed"]
        for data in (ordinary, replace(several_currencies, revenue=several_currencies.revenue[:3]))
    ]
    assert notes == [
        "no touch to give it to; share of revenue",
        "no touch to give it to; share of revenue + refunds",
    ]
