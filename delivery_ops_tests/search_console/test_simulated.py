"""The export against the simulated agency's Search Console, compared with the agency's own books.

The server checks requests as the real one does, so this is also the proof that ours are valid. At stake: that every
number of every complete day arrives, and nothing else does.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from delivery_ops import clock
from delivery_ops.lake.datasets import SEARCH_PAGES, SEARCH_QUERIES, SEARCH_TOTALS
from delivery_ops.search_console.client import SearchConsoleClient
from delivery_ops.search_console.due import export_due
from delivery_ops.settings import SearchConsole
from delivery_ops.simulator import faults
from delivery_ops.simulator.planted import ZERO_DAY
from delivery_ops.simulator.serve import serving
from delivery_ops.simulator.truth import truth_of

SEED = 7
START = date(2026, 3, 2)
NOW = datetime(2026, 3, 30, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def truth():
    return truth_of(SEED)


@pytest.fixture
def run(exporter, truth):
    """Runs the export of all clients as of an instant; ``broken`` maps property names to faults."""
    properties = [{"property": c.search_property, "client": c.client_id} for c in truth.agency.clients]
    search_console = SearchConsole.model_validate({"start": START, "trailing_days": 28, "properties": properties})

    def run(now, **broken):
        clock.read_from(lambda: now)
        with serving(SEED, faults=broken) as served:
            client = SearchConsoleClient(endpoint=served.search_console_endpoint, sleep=lambda seconds: None)
            summary = export_due(replace(exporter, client=client), search_console, as_of=now)
        return {one.property_name: one for one in summary.properties}

    return run


def complete_days(truth, now):
    return {
        (c.search_property, day) for c in truth.agency.clients for day in truth.complete_days(c.search_property, now)
    }


def assert_lake_is_truth(lake, truth, days):
    """Every row of the lake is one of the books, and the other way round; positions to 9 digits."""
    expected = {day: truth.search_days[day] for day in days}
    totals = {(r["property"], r["date"]): r for r in lake.read(SEARCH_TOTALS).to_pylist()}
    assert totals.keys() == expected.keys()
    for key, day in expected.items():
        counted = (day.total.clicks, day.total.impressions) if day.total else (0, 0)
        assert (totals[key]["clicks"], totals[key]["impressions"]) == counted
    for dataset, names in ((SEARCH_PAGES, ("page",)), (SEARCH_QUERIES, ("query", "page"))):
        found = {
            (r["property"], r["date"], *(r[name] for name in names)): (r["clicks"], r["impressions"], r["position"])
            for r in lake.read(dataset).to_pylist()
        }
        told = {
            (*key, *(getattr(row, name) for name in names)): row
            for key, day in expected.items()
            for row in (day.pages if dataset is SEARCH_PAGES else day.queries)
        }
        assert found.keys() == told.keys()
        assert lake.rows(dataset) == len(told) > 0
        for key, (clicks, impressions, position) in found.items():
            assert (clicks, impressions) == (told[key].clicks, told[key].impressions)
            assert position == pytest.approx(float(told[key].position), rel=1e-9)


def test_what_is_exported_is_the_truth_of_every_complete_day_and_nothing_of_the_others(run, exporter, truth):
    summaries = run(NOW)
    days = complete_days(truth, NOW)
    assert_lake_is_truth(exporter.lake, truth, days)
    for name, summary in summaries.items():
        assert set(summary.exported + summary.zero) == {day for property_, day in days if property_ == name}
        assert summary.incomplete == [date(2026, 3, d) for d in range(2, 30) if (name, date(2026, 3, d)) not in days]
        assert summary.incomplete
        assert summary.error is None
    zero_property = next(c.search_property for c in truth.agency.clients if c.client_id == ZERO_DAY[0])
    assert {(name, day) for name, summary in summaries.items() for day in summary.zero} == {
        (zero_property, ZERO_DAY[1])
    }


def test_days_exported_early_are_right_once_they_are_final(run, exporter, truth):
    for hours in (-96, -60, -24, 0):
        now = NOW + timedelta(hours=hours)
        run(now)
        assert_lake_is_truth(exporter.lake, truth, complete_days(truth, now))


def test_troubles_that_pass_are_survived_and_those_that_do_not_stop_only_their_property(run, exporter, truth):
    halden, mirava, pellworm = (client.search_property for client in truth.agency.clients)
    broken = {
        halden: faults.backend_error(502, times=3),
        mirava: faults.forbidden(mirava),
        pellworm: faults.dropped(times=2),
    }
    summaries = run(NOW, **broken)
    assert {name: type(s.error).__name__ for name, s in summaries.items() if s.error} == {mirava: "NotPermitted"}
    assert summaries[mirava].missing == [date(2026, 3, d) for d in range(2, 30)]
    assert_lake_is_truth(exporter.lake, truth, {key for key in complete_days(truth, NOW) if key[0] != mirava})

    run(NOW)
    assert_lake_is_truth(exporter.lake, truth, complete_days(truth, NOW))


@pytest.mark.parametrize(
    "troubles",
    [
        [
            (faults.quota_exceeded(), "QuotaExceeded"),
            (faults.daily_limit(), "DailyLimitReached"),
            (faults.backend_error(), "Unavailable"),
        ],
        [
            (faults.rate_limited(1), "QuotaExceeded"),
            (faults.malformed(), "Unavailable"),
            (faults.dropped(), "Unavailable"),
        ],
    ],
)
def test_each_lasting_trouble_is_named_and_leaves_the_lake_untouched(run, exporter, truth, troubles):
    names = [client.search_property for client in truth.agency.clients]
    summaries = run(NOW, **{name: fault for name, (fault, _) in zip(names, troubles, strict=True)})
    for name, (_, error_class) in zip(names, troubles, strict=True):
        assert type(summaries[name].error).__name__ == error_class
        assert len(summaries[name].missing) == 28
    assert exporter.lake.partitions(SEARCH_TOTALS) == []
    announced = {e.payload["source"]: e.payload["error_class"] for e in exporter.ledger.read()}
    assert announced == {name: error_class for name, (_, error_class) in zip(names, troubles, strict=True)}
