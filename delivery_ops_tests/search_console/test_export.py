"""One day into lake, ledger and log. At stake: half a day visible, an export nobody hears of, a day counted twice."""

import itertools
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from delivery_ops import clock
from delivery_ops.database.roles import Role
from delivery_ops.lake.datasets import SEARCH_PAGES, SEARCH_QUERIES, SEARCH_TOTALS
from delivery_ops.search_console.export import GONE
from delivery_ops.search_console.failures import Unavailable
from delivery_ops.search_console.windows import DaySpan
from delivery_ops.settings import SearchProperty

PROPERTY = SearchProperty(property="sc-domain:example.com", client="acme")
NAME = PROPERTY.property
DAY = date(2026, 3, 8)
PARTITION = f"{NAME}/{DAY}"
NOON = datetime(2026, 3, 12, 12, tzinfo=UTC)
OWNED, FOREIGN = "https://example.com/guide", "https://example.com/"
TRUTH = {
    ("shoes", OWNED): (2, 10),
    ("boots", OWNED): (1, 5),
    ("", OWNED): (0, 1),
    ("shoes", FOREIGN): (0, 4),
}
DATASETS = (SEARCH_TOTALS, SEARCH_PAGES, SEARCH_QUERIES)


@pytest.fixture(autouse=True)
def _noon():
    clock.read_from(lambda: NOON)


@pytest.fixture
def truth(search_api):
    search_api.truth = {NAME: {DAY: dict(TRUTH)}}
    return search_api.truth[NAME]


def files(lake):
    return {dataset.name: lake.path(dataset, PARTITION).read_bytes() for dataset in DATASETS}


def events(exporter, event_type="search_export.processed"):
    return [event for event in exporter.ledger.read() if event.event_type == event_type]


def log_rows(exporter):
    with exporter.database.engine(Role.reader).connect() as connection:
        return connection.execute(sa.text("SELECT date, epoch, status FROM ops.search_export ORDER BY 1, 2")).all()


def test_a_day_lands_in_lake_ledger_and_log_with_the_same_counts(exporter, truth, own):
    own("guide", OWNED)
    result = exporter.export_day(PROPERTY, DAY)

    [total] = exporter.lake.read(SEARCH_TOTALS).to_pylist()
    assert (total["clicks"], total["impressions"]) == (3, 20)
    pages = {r["page"]: (r["clicks"], r["impressions"]) for r in exporter.lake.read(SEARCH_PAGES).to_pylist()}
    assert pages == {OWNED: (3, 16), FOREIGN: (0, 4)}
    queries = exporter.lake.read(SEARCH_QUERIES).to_pylist()
    assert {(r["query"], r["page"]): (r["clicks"], r["impressions"]) for r in queries} == TRUTH

    [event] = events(exporter)
    assert event.payload == {
        "property": NAME,
        "date": "2026-03-08",
        "rows": 2,
        "matched": 1,
        "unmatched": 1,
        "clicks": 3,
        "impressions": 20,
        "deliverable_ids": ["guide"],
    }
    assert (event.client_id, event.timestamp) == ("acme", NOON)
    [loaded] = events(exporter, "source.loaded")
    assert (loaded.payload["source"], loaded.payload["rows"], loaded.payload["digest"]) == (NAME, 7, result.digest)
    assert exporter.ledger.of_deliverable("guide")[-1].event_id == event.event_id

    assert (result.status, result.rows, result.matched, result.unmatched) == ("complete", 2, 1, 1)
    assert log_rows(exporter) == [(DAY, 1, "complete")]


def test_a_complete_day_without_rows_is_written_and_announced_as_zero(exporter, truth):
    del truth[DAY]
    result = exporter.export_day(PROPERTY, DAY)
    assert result.status == "zero"
    [total] = exporter.lake.read(SEARCH_TOTALS).to_pylist()
    assert (total["clicks"], total["impressions"], total["position"]) == (0, 0, None)
    [event] = events(exporter)
    assert (event.payload["rows"], event.payload["impressions"], event.payload["deliverable_ids"]) == (0, 0, [])


def test_a_day_that_turns_out_to_be_zero_later_leaves_no_rows_behind(exporter, truth):
    exporter.export_day(PROPERTY, DAY)
    del truth[DAY]
    exporter.export_day(PROPERTY, DAY)
    assert [exporter.lake.read(dataset).num_rows for dataset in DATASETS] == [1, 0, 0]


def test_exporting_equal_content_again_changes_no_byte_and_tells_nothing_new(exporter, truth):
    exporter.export_day(PROPERTY, DAY)
    before, head = files(exporter.lake), exporter.ledger.head()
    truth[DAY] = dict(reversed(truth[DAY].items()))  # ties come in any order
    exporter.export_day(PROPERTY, DAY)
    assert files(exporter.lake) == before
    assert exporter.ledger.head() == head
    assert log_rows(exporter) == [(DAY, 1, "complete"), (DAY, 2, "complete")]


def test_changed_content_replaces_the_day_and_is_a_new_event(exporter, truth):
    exporter.export_day(PROPERTY, DAY)
    truth[DAY]["shoes", OWNED] = (3, 12)
    exporter.export_day(PROPERTY, DAY)
    assert [event.payload["clicks"] for event in events(exporter)] == [3, 4]
    [total] = exporter.lake.read(SEARCH_TOTALS).to_pylist()
    assert (total["clicks"], total["impressions"]) == (4, 22)


def test_equal_rows_with_another_owner_are_announced_anew_and_never_a_conflict(exporter, truth, own):
    exporter.export_day(PROPERTY, DAY)
    own("guide", OWNED)
    exporter.export_day(PROPERTY, DAY)
    assert [event.payload["deliverable_ids"] for event in events(exporter)] == [[], ["guide"]]
    assert len(events(exporter, "source.loaded")) == 1
    assert events(exporter, "ingest.conflict") == []


def test_a_copy_is_as_old_as_the_question_not_as_the_answer(exporter, truth):
    """Asked just before the day is final and answered after it, the numbers may still be the earlier ones."""
    hours = itertools.count()
    clock.read_from(lambda: NOON + timedelta(hours=next(hours)))
    assert exporter.export_day(PROPERTY, DAY).exported_at == NOON


class Crash(BaseException):
    """The process dies."""


@pytest.mark.parametrize(
    ("where", "method"),
    [("ledger", "append"), ("database", "engine")],
    ids=["between lake and ledger", "between ledger and log"],
)
def test_a_day_whose_export_died_half_way_is_made_whole_by_the_next(exporter, truth, monkeypatch, where, method):
    real = getattr(exporter, where)
    original = getattr(type(real), method)

    def dying(self, *arguments, **named):
        if where == "database" and arguments != (Role.writer,):
            return original(self, *arguments, **named)
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(type(real), method, dying)
        with pytest.raises(Crash):
            exporter.export_day(PROPERTY, DAY)
    assert log_rows(exporter) == []  # so the day is still due
    left = files(exporter.lake)

    exporter.export_day(PROPERTY, DAY)
    assert files(exporter.lake) == left
    assert len(events(exporter)) == len(events(exporter, "source.loaded")) == 1
    assert log_rows(exporter) == [(DAY, 1, "complete")]


def test_a_process_that_dies_inside_the_lake_leaves_no_totals_so_no_day_looks_whole(exporter, truth, monkeypatch):
    original = type(exporter.lake).write

    def dying(self, dataset, partition, table):
        if dataset is SEARCH_TOTALS:
            raise Crash
        return original(self, dataset, partition, table)

    with monkeypatch.context() as patch:
        patch.setattr(type(exporter.lake), "write", dying)
        with pytest.raises(Crash):
            exporter.export_day(PROPERTY, DAY)
    assert exporter.lake.partitions(SEARCH_TOTALS) == []


def test_a_day_that_cannot_be_fetched_whole_writes_nothing_at_all(exporter, truth, search_api):
    search_api.faults[NAME, DAY] = (503, {})
    with pytest.raises(Unavailable):
        exporter.export_day(PROPERTY, DAY)
    assert [exporter.lake.partitions(dataset) for dataset in DATASETS] == [[], [], []]
    assert exporter.ledger.head() is None
    assert log_rows(exporter) == []


def test_a_failure_is_told_once_a_day_however_often_it_is_met(exporter, truth):
    error = Unavailable("querying", subject=NAME, cause="no answer", remedy="Wait.")
    days = [DAY, DAY + timedelta(days=1)]
    for _ in range(2):
        results = exporter.record_failure(PROPERTY, days, error)
        assert [(r.day, r.status, r.error_class) for r in results] == [(day, "failed", "Unavailable") for day in days]
    [event] = events(exporter, "source.loaded")
    assert event.payload["error_class"] == "Unavailable"
    assert event.payload["detail"] == str(error)
    assert (event.payload["rows"], event.payload["digest"]) == (0, None)
    assert len(log_rows(exporter)) == 4

    clock.read_from(lambda: NOON + timedelta(days=1))
    exporter.record_failure(PROPERTY, days, error)
    assert len(events(exporter, "source.loaded")) == 2


def test_a_property_that_left_is_announced_once_and_again_after_it_was_exported_anew(exporter, truth):
    before = None
    for hour in range(2):
        clock.read_from(lambda now=NOON + timedelta(hours=hour): now)
        exporter.export_day(PROPERTY, DAY)
        assert exporter.retire({NAME, "sc-domain:never.example"}) == []
        assert exporter.retire({"sc-domain:never.example"}) == [NAME]
        assert exporter.retire({"sc-domain:never.example"}) == []
        before = before or files(exporter.lake)
    said = [(event.payload["rows"], event.payload["detail"]) for event in events(exporter, "source.loaded")]
    assert said == [(7, "Pacific day 2026-03-08"), (0, GONE), (0, GONE)]
    assert events(exporter, "ingest.conflict") == []
    assert files(exporter.lake) == before  # Google would not give them all again
    assert exporter.logged(NAME, DaySpan(start=DAY, end=DAY + timedelta(days=1)))[DAY].exported_at


def test_a_property_of_which_no_day_was_ever_had_leaves_without_a_word(exporter, truth):
    exporter.record_failure(PROPERTY, [DAY], Unavailable("querying", subject=NAME, cause="no answer", remedy="Wait."))
    assert exporter.retire(()) == []
