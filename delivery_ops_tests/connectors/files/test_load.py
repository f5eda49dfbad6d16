"""in = kept + duplicate + rejected; each rejection is stored, each load announced, a second run changes nothing."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from delivery_ops import clock
from delivery_ops.connectors.files.announcing import SOURCES
from delivery_ops.connectors.files.load import LoadResult
from delivery_ops.database.database import Database
from delivery_ops.database.roles import Role
from delivery_ops.deliverables.fold import DELIVERABLES
from delivery_ops.lake import datasets
from delivery_ops.lake.lake import Lake
from delivery_ops.ledger.consume import catch_up, rebuild
from delivery_ops.settings import Settings, load
from delivery_ops_tests.connectors.files.loading import Loading

OLIST = Path(__file__).parents[2] / "data" / "olist"
TOUCHES = {"touch_id": "id", "contact_id": "contact", "deliverable_id": "page", "touched_at": "at"}
HEADER = "id,contact,page,at\n"


@pytest.fixture
def operation(tmp_path: Path, database: Database, settings_factory: Callable[..., Settings]) -> Callable[..., Loading]:
    """An operation whose source ``s`` is of this kind and has this content; rules register ids that start with lp-."""

    def build(kind: str, columns: dict[str, Any], content: str | bytes | None, **more: Any) -> Loading:
        if content is not None:
            (tmp_path / "rows.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
        settings = settings_factory(
            registration={"rules": [{"id_prefix": "lp-", "client": "acme", "type": "landing_page"}]},
            sources=[{"name": "s", "kind": kind, "path": "rows.csv", "columns": columns, **more}],
        )
        lake = Lake(tmp_path / "lake")
        lake.prepare()
        return Loading(settings=settings, database=database, lake=lake)

    return build


def counts(result: LoadResult) -> tuple[int, int, int, int]:
    outcome = result.outcome
    return outcome.rows, outcome.kept, outcome.duplicate, outcome.rejected


MIXED = (
    f"{HEADER}007,c-1,lp-1,2026-03-02\n"
    "7,c-1,,2026-03-02\n"
    "007,c-1,lp-1,2026-03-02\n"  # again
    "007,c-2,lp-1,2026-03-02\n"  # again, and not the same
    "t-3,c-3,typo,2026-03-02\n"  # nobody's
    "t-3,c-3,lp-1,2026-03-02\n"  # the refused row does not hold the key
    "t-4,c-4,lp-1,2026-02-31\n"
    "t-5,c-5\n"
    't-6,"c-6,lp-1,2026-03-02\n'
    "t-7,c-7,lp-2,2026-03-02\n"
)


def test_every_row_is_kept_a_duplicate_or_a_stored_rejection(operation) -> None:
    loading = operation("touches", TOUCHES, MIXED)
    result = loading.load()
    assert counts(result) == (10, 4, 1, 5)
    assert (result.registered, result.changed, result.error) == (2, True, None)
    table = loading.lake.read(datasets.TOUCHES)
    assert table["touch_id"].to_pylist() == ["007", "7", "t-3", "t-7"]
    assert table["deliverable_id"].to_pylist() == ["lp-1", None, "lp-1", "lp-2"]
    assert set(table["source"].to_pylist()) == {"s"}
    assert loading.rejections() == [
        ("rows.csv, line 10", "malformed_csv", 't-6,"c-6,lp-1,2026-03-02'),
        ("rows.csv, line 5", "conflicting_row", "007,c-2,lp-1,2026-03-02"),
        ("rows.csv, line 6", "unknown_deliverable", "t-3,c-3,typo,2026-03-02"),
        ("rows.csv, line 8", "invalid_instant", "t-4,c-4,lp-1,2026-02-31"),
        ("rows.csv, line 9", "wrong_column_count", "t-5,c-5"),
    ]
    [said] = loading.announced()
    assert (said["source"], said["kind"], said["error_class"]) == ("s", "touches", None)
    assert [said[name] for name in ("rows", "kept", "duplicate", "rejected")] == [10, 4, 1, 5]
    query = "select deliverable_id, first_source from ops.deliverable order by 1"
    catch_up(loading.database.engine(Role.folder), [DELIVERABLES])
    assert loading.rows(query) == [("lp-1", "s"), ("lp-2", "s")]


def test_a_corrected_row_is_no_longer_told_as_refused_and_a_broken_file_corrects_nothing(
    operation, tmp_path: Path
) -> None:
    def standing() -> list[tuple[Any, ...]]:
        return loading.rows("select origin, code from ops.rejected where replaced_at is null order by origin")

    loading = operation("touches", TOUCHES, MIXED)
    loading.load()
    refused = [(origin, code) for origin, code, _ in loading.rejections()]
    assert standing() == refused
    corrected = MIXED.replace("typo", "lp-3")
    (tmp_path / "rows.csv").write_text("other,columns\n")
    assert loading.load().error is not None
    assert standing() == refused
    (tmp_path / "rows.csv").write_text(corrected)
    loading.load()
    assert [code for _, code in standing()] == [
        "malformed_csv",
        "conflicting_row",
        "conflicting_row",
        "invalid_instant",
        "wrong_column_count",
    ]
    assert len(loading.rejections()) == 6


def test_a_second_load_of_the_same_file_changes_nothing(operation) -> None:
    loading = operation("touches", TOUCHES, MIXED)
    first = loading.load()
    path = loading.lake.path(datasets.TOUCHES, "s")
    written, events = path.stat().st_mtime_ns, loading.rows("select count(*) from ledger.event")
    second = loading.load()
    assert second.outcome == first.outcome
    assert (second.registered, second.changed) == (0, False)
    assert path.stat().st_mtime_ns == written
    assert loading.rows("select count(*) from ledger.event") == events
    assert loading.rows("select count(*), min(times_seen), max(times_seen) from ops.rejected") == [(5, 2, 2)]


def test_a_new_file_replaces_the_rows_of_the_old_one_and_each_change_is_announced(operation, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    loading = operation("touches", TOUCHES, f"{HEADER}t-1,c,,2026-03-02\n")
    loading.load()
    for content in (f"{HEADER}t-2,c,,2026-03-02\nt-3,c,,2026-03-02\n", None, f"{HEADER}t-1,c,,2026-03-02\n"):
        path.unlink(missing_ok=True)
        if content:
            path.write_text(content)
        loading.load()
        assert not loading.load().changed
    assert loading.lake.read(datasets.TOUCHES)["touch_id"].to_pylist() == ["t-1"]
    said = [(event["rows"], event["error_class"]) for event in loading.announced()]
    assert said == [(1, None), (2, None), (0, "UnreadableFile"), (1, None)]


@pytest.mark.parametrize(
    ("content", "error_class", "detail"),
    [
        pytest.param(None, "UnreadableFile", "No such file", id="missing"),
        pytest.param("", "UnreadableFile", "it is empty", id="empty"),
        pytest.param(b"PAR1 broken", "UnreadableFile", "arquet", id="damaged"),
        pytest.param("id;contact;page;at\n", "UnreadableFile", "it has id;contact;page;at", id="another separator"),
        pytest.param(
            "id,who,page,at\n", "UnreadableFile", "no column 'contact'; it has id, who, page, at", id="a column renamed"
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_a_recorded_failure_and_the_rows_before_stand(
    operation, tmp_path: Path, content: Any, error_class: str, detail: str
) -> None:
    loading = operation("touches", TOUCHES, f"{HEADER}t-1,c,,2026-03-02\n")
    loading.load()
    (tmp_path / "rows.csv").unlink()
    result = operation("touches", TOUCHES, content).load()
    assert type(result.error).__name__ == result.outcome.error_class == error_class
    assert counts(result) == (0, 0, 0, 0)
    assert detail in (loading.announced()[-1]["detail"] or "")
    assert loading.lake.read(datasets.TOUCHES)["touch_id"].to_pylist() == ["t-1"]


def test_a_failure_says_which_rows_stand_and_since_when_if_that_is_known(operation, tmp_path: Path) -> None:
    loading = operation("touches", TOUCHES, None)
    assert loading.load().standing == "no rows of it were loaded before"
    (tmp_path / "rows.csv").write_text(f"{HEADER}t-1,c,,2026-03-02\n")
    assert loading.load().standing is None
    (tmp_path / "rows.csv").unlink()
    assert loading.load().standing == f"the rows loaded on {clock.now():%Y-%m-%d} stand"
    assert loading.load().standing == "the rows loaded before stand"
    columns = {"deliverable_id": "id", "client_id": "client", "type": "kind"}
    assert operation("deliverables", columns, None).load().standing == "what it registered before stands"


def test_amounts_whose_sum_could_overflow_are_rejected_rows(operation) -> None:
    columns = {"revenue_id": "id", "amount_minor": "cents"}
    content = f"id,cents\n1,{2**63 - 1}\n2,{-(2**63)}\n3,{10**15}\n4,{-(10**15)}\n5,{10**15 + 1}\n"
    loading = operation("revenue", columns, content, constants={"currency": "EUR"})
    assert counts(loading.load()) == (5, 2, 0, 3)
    assert [code for _, code, _ in loading.rejections()] == ["invalid_amount"] * 3


def test_a_file_damaged_in_the_middle_leaves_the_rows_before(operation, tmp_path: Path) -> None:
    loading = operation("touches", TOUCHES, f"{HEADER}t-1,c,,2026-03-02\n")
    loading.load()
    ids = [f"id-{number}" for number in range(60_000)]
    table = pa.table({"id": ids, "contact": ids, "page": [""] * 60_000, "at": ["2026-03-02"] * 60_000})
    pq.write_table(table, tmp_path / "rows.csv", row_group_size=20_000, compression="none", use_dictionary=False)
    content = bytearray((tmp_path / "rows.csv").read_bytes())
    middle = len(content) // 2
    content[middle : middle + 200_000] = b"\xff" * 200_000
    (tmp_path / "rows.csv").write_bytes(content)
    assert type(loading.load().error).__name__ == "UnreadableFile"
    assert loading.lake.read(datasets.TOUCHES)["touch_id"].to_pylist() == ["t-1"]


def test_rows_are_deduplicated_across_batches_and_ids_stay_texts(operation) -> None:
    rows = [f"{number:06},c,lp-{number % 3},2026-03-02\n" for number in range(25_000)]
    loading = operation("touches", TOUCHES, HEADER + "".join(rows) + rows[0] + rows[20_000])
    assert counts(loading.load()) == (25_002, 25_000, 2, 0)
    ids = loading.lake.read(datasets.TOUCHES)["touch_id"].to_pylist()
    assert ids == [f"{number:06}" for number in range(25_000)]


DELIVERABLES_CSV = (
    "id,client,kind,page\n"
    "d-1,acme,landing_page,https://acme.example/1\n"
    "d-1,acme,landing_page,https://acme.example/1\n"
    "d-1,acme,landing_page,https://acme.example/other\n"
    "d-2,who,landing_page,\n"
    "d-3,acme,poem,\n"
    "d-4,acme,landing_page,acme.example/4\n"
    "d-5,acme,landing_page,\n"
    f"{'x' * 300},acme,landing_page,\n"
)


def test_deliverables_are_registered_in_the_ledger_once(operation) -> None:
    columns = {"deliverable_id": "id", "client_id": "client", "type": "kind", "url": "page"}
    loading = operation("deliverables", columns, DELIVERABLES_CSV)
    result = loading.load()
    assert (counts(result), result.registered) == ((8, 2, 1, 5), 2)
    assert [code for _, code, _ in loading.rejections()] == [
        "conflicting_row",
        "unknown_client",
        "unknown_type",
        "contract_violation",
        "invalid_envelope",
    ]
    catch_up(loading.database.engine(Role.folder), [DELIVERABLES])
    query = "select deliverable_id, client_id, tier, url, first_source from ops.deliverable order by 1"
    assert loading.rows(query) == [
        ("d-1", "acme", "gold", "https://acme.example/1", "s"),
        ("d-5", "acme", "gold", None, "s"),
    ]
    again = loading.load()
    assert (again.outcome, again.registered, again.changed) == (result.outcome, 0, False)


def test_a_deliverable_whose_row_changes_is_said_anew(operation, tmp_path: Path) -> None:
    columns = {"deliverable_id": "id", "client_id": "client", "type": "kind", "url": "page"}
    loading = operation("deliverables", columns, "id,client,kind,page\nd-1,acme,landing_page,\n")
    loading.load()
    (tmp_path / "rows.csv").write_text("id,client,kind,page\nd-1,acme,landing_page,https://acme.example/1\n")
    result = loading.load()
    assert (counts(result), result.registered, result.changed) == ((1, 1, 0, 0), 1, True)
    catch_up(loading.database.engine(Role.folder), [DELIVERABLES])
    assert loading.rows("select url from ops.deliverable") == [("https://acme.example/1",)]


def test_costs_name_known_deliverables_and_money_is_exact(operation) -> None:
    columns = {
        "cost_id": "id",
        "deliverable_id": "page",
        "worked_at": "at",
        "amount": "amount",
        "currency": "c",
        "hours": "h",
    }
    content = (
        "id,page,at,amount,c,h\n"
        "1,lp-1,2026-03-02,12.50,EUR,1.5\n"
        "2,lp-1,2026-03-02,1250,JPY,\n"
        "3,lp-1,2026-03-02,1.250,BHD,\n"
        "4,lp-1,2026-03-02,1.005,EUR,\n"
        "5,typo,2026-03-02,1,EUR,\n"
        "6,,2026-03-02,1,EUR,\n"
    )
    loading = operation("costs", columns, content)
    assert counts(loading.load()) == (6, 3, 0, 3)
    table = loading.lake.read(datasets.COSTS)
    assert table["amount_minor"].to_pylist() == [1250, 1250, 1250]
    assert table["worked_minutes"].to_pylist() == [90, None, None]
    assert [code for _, code, _ in loading.rejections()] == ["invalid_amount", "unknown_deliverable", "missing_field"]


def test_the_newest_load_of_each_source_is_a_fold(operation, tmp_path: Path) -> None:
    loading = operation("touches", TOUCHES, MIXED)
    loading.load()
    (tmp_path / "rows.csv").unlink()
    loading.load()
    engine = loading.database.engine(Role.folder)
    catch_up(engine, [SOURCES])
    newest = loading.rows("select * from ops.source_load")
    assert len(newest) == 1
    assert rebuild(engine, SOURCES) > 1
    assert loading.rows("select * from ops.source_load") == newest
    assert loading.rows("select error_class, rows from ops.source_load") == [("UnreadableFile", 0)]


@pytest.fixture
def olist(
    reference_data: Path, tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> tuple[Loading, Sequence[LoadResult]]:
    """The real funnel, loaded by its configuration alone."""
    monkeypatch.setitem(os.environ, "DELIVERY_OPS_REFERENCE_DATA", str(reference_data))
    lake = Lake(tmp_path / "lake")
    lake.prepare()
    loading = Loading(settings=load(OLIST), database=database, lake=lake)
    return loading, [loading.load(source.name) for source in loading.settings.sources]


def test_a_real_funnel_is_loaded_by_configuration_alone(olist, reference_data: Path) -> None:
    loading, results = olist
    assert {result.outcome.source: counts(result) for result in results} == {
        "landing-pages": (8000, 495, 7505, 0),
        "leads": (8000, 8000, 0, 0),
        "won-deals": (842, 842, 0, 0),
        "order-items": (441, 441, 0, 0),
    }
    revenue = loading.lake.read(datasets.REVENUE)
    with (reference_data / "data/olist/order_items_of_won_sellers.csv").open(encoding="utf-8") as file:
        total = sum(Decimal(row["price"]) for row in csv.DictReader(file))
    assert pc.sum(revenue["amount_minor"]).as_py() == 6_397_636 == total * 100
    assert set(revenue["currency"].to_pylist()) == {"BRL"}
    touches = loading.lake.read(datasets.TOUCHES)
    assert pc.count_distinct(touches["deliverable_id"]).as_py() == 495
    assert touches["channel"].null_count == 60  # leads whose origin is empty
    assert {at.strftime("%H:%M:%S") for at in touches["touched_at"].to_pylist()} == {"00:00:00"}
    catch_up(loading.database.engine(Role.folder), [DELIVERABLES])
    assert loading.rows("select count(*), min(client_id), min(tier) from ops.deliverable") == [
        (495, "olist", "standard")
    ]
    assert loading.rejections() == []


def test_loading_the_real_funnel_again_changes_nothing(olist) -> None:
    loading, _ = olist
    again = [loading.load(source.name) for source in loading.settings.sources]
    assert not any(result.changed for result in again)
