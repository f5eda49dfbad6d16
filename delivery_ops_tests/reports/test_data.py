"""What follows from the records: balances, rates and shares, each with the denominator it claims."""

from __future__ import annotations

from dataclasses import replace

import pytest

from delivery_ops.reports.data import Balance, ReportData, RunFacts
from delivery_ops.reports.marts import GateTally, Mismatch
from delivery_ops_tests.reports.records import client, splits


@pytest.mark.parametrize(
    ("incoming", "outcomes", "unaccounted"),
    [
        (5, {"kept": 3, "duplicate": 1, "conflict": 0, "rejected": 1}, 0),
        (5, {"kept": 3}, 2),
        (2, {"matched": 2, "unmatched": 1}, -1),
        (0, {}, 0),
    ],
)
def test_a_balance_says_what_came_out_nowhere(incoming: int, outcomes: dict[str, int], unaccounted: int) -> None:
    balance = Balance(kind="events", subject="any", incoming=incoming, outcomes=outcomes)
    assert balance.unaccounted == unaccounted


def test_a_run_names_the_balances_that_do_not_add_up(ordinary: ReportData) -> None:
    broken = Balance(kind="file", subject="broken", incoming=1, outcomes={})
    run: RunFacts = replace(ordinary.run, balances=(*ordinary.run.balances, broken))
    assert ordinary.run.unaccounted == ()
    assert run.unaccounted == (broken,)


@pytest.mark.parametrize(
    ("passed", "failed", "monitored", "errored", "rate"),
    [(3, 1, 0, 0, 0.25), (3, 0, 1, 0, 0.25), (3, 1, 0, 96, 0.25), (0, 0, 0, 5, None), (0, 0, 0, 0, None)],
)
def test_what_could_not_be_measured_neither_passes_nor_fails(
    passed: int, failed: int, monitored: int, errored: int, rate: float | None
) -> None:
    gate = GateTally(gate="any", passed=passed, failed=failed, monitored=monitored, errored=errored)
    assert gate.fail_rate == rate
    assert gate.evaluated == passed + failed + monitored + errored


def test_the_unattributed_share_leaves_out_touches_of_no_deliverable(ordinary: ReportData) -> None:
    amount = 901_122 + 1_404_077 + 330_000
    (revenue,) = ordinary.revenue
    assert [ordinary.unattributed_minor(revenue, model) for model in ordinary.models] == [amount] * 3
    assert [ordinary.unattributed_share(revenue, model) for model in ordinary.models] == [amount / 18_734_501] * 3


def test_a_refund_hides_nothing_of_the_unattributed_share(ordinary: ReportData) -> None:
    """A deal of 50.00 and its refund, both of nobody, beside 100.00 that are attributed: net, nothing would be of
    nobody; of all that moved, one half is."""
    revenue = replace(ordinary.revenue[0], amount_minor=10_000, volume_minor=20_000)
    parts = (
        replace(split, volume_minor=10_000) if split.is_unattributed else split
        for split in splits("EUR", 10_000, no_identity=0)
    )
    data = replace(ordinary, revenue=(revenue,), credit_splits=tuple(parts))
    assert data.unattributed_minor(revenue, "last") == 10_000
    assert data.unattributed_share(revenue, "last") == 0.5


def test_a_share_is_of_one_currency_and_there_is_none_of_nothing(several_currencies: ReportData) -> None:
    shares = {
        revenue.currency: several_currencies.unattributed_share(revenue, "last")
        for revenue in several_currencies.revenue
    }
    assert shares == {"EUR": 0, "JPY": 0, "BHD": 1, "USD": 0, "XXX": None}


@pytest.mark.parametrize(("changed", "incoming", "said"), [(False, 3, True), (False, 0, False), (True, 3, False)])
def test_nothing_new_is_said_only_where_something_went_in(
    empty: ReportData, changed: bool, incoming: int, said: bool
) -> None:
    balance = Balance(kind="file", subject="a", incoming=incoming, outcomes={"kept": incoming})
    assert replace(empty.run, changed=changed, balances=(balance,)).met_nothing_new is said


def test_refused_rows_are_counted_by_where_they_came_from(ordinary: ReportData) -> None:
    assert ordinary.run.rejected == {"simulator": 2, "crm_touches": 1}


def test_the_pass_rate_is_of_what_could_be_measured() -> None:
    assert client("c", deliverables=20, measured=16, passing=12).pass_rate == 0.75
    assert client("c", deliverables=20, measured=0, passing=0).pass_rate is None


def test_models_are_told_in_the_order_of_the_marts_and_once(several_currencies: ReportData) -> None:
    assert several_currencies.models == ("first", "last", "linear")


def test_the_mismatch_is_rated_by_deliverables_and_by_impressions(ordinary: ReportData) -> None:
    assert ordinary.mismatch.rate == 2 / 29
    assert ordinary.mismatch.impression_rate == (1_904 + 77) / 41_223
    nobody = Mismatch(judged=0, judged_impressions=0, deliverables=())
    assert (nobody.rate, nobody.impression_rate, nobody.interval) == (None, None, None)
