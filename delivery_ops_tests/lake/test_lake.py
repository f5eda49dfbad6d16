"""The lake must never show half a partition, a foreign schema or a file that changed without its rows changing."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_ops.errors import Permanent
from delivery_ops.lake import datasets
from delivery_ops.lake.lake import Lake


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(tmp_path / "lake")
    lake.prepare()
    return lake


def in_duckdb(lake: Lake, dataset: datasets.Dataset) -> duckdb.DuckDBPyRelation:
    return duckdb.read_parquet(f"{lake.root}/{dataset.name}/*.parquet")


def files(lake: Lake) -> list[str]:
    return sorted(path.name for path in (lake.root / "touches").iterdir())


def touches(*ids: str) -> pa.Table:
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    return datasets.TOUCHES.table({"source": "crm", "touch_id": one, "touched_at": at} for one in ids)


def test_every_dataset_can_be_queried_before_anything_was_loaded(lake: Lake) -> None:
    for dataset in datasets.ALL:
        found = in_duckdb(lake, dataset)
        assert found.columns == dataset.schema.names
        assert found.fetchall() == []
        assert lake.partitions(dataset) == []


def test_datasets_have_names_of_their_own() -> None:
    assert len({dataset.name for dataset in datasets.ALL}) == len(datasets.ALL) == 12


def test_what_was_written_is_read_back_and_duckdb_sees_instants_with_their_zone(lake: Lake) -> None:
    lake.write(datasets.TOUCHES, "crm", touches("007", "7"))
    assert lake.read(datasets.TOUCHES) == touches("007", "7")
    seen = in_duckdb(lake, datasets.TOUCHES).project("touch_id, typeof(touched_at), epoch(touched_at)")
    assert seen.fetchall() == [
        ("007", "TIMESTAMP WITH TIME ZONE", 1772442000.0),
        ("7", "TIMESTAMP WITH TIME ZONE", 1772442000.0),
    ]


def test_a_partition_is_replaced_whole_and_the_others_stay(lake: Lake) -> None:
    lake.write(datasets.TOUCHES, "a", touches("a1", "a2"))
    lake.write(datasets.TOUCHES, "b", touches("b1"))
    lake.write(datasets.TOUCHES, "a", touches("a3"))
    assert lake.read(datasets.TOUCHES)["touch_id"].to_pylist() == ["a3", "b1"]
    assert lake.read(datasets.TOUCHES, "b")["touch_id"].to_pylist() == ["b1"]
    assert lake.rows(datasets.TOUCHES) == 2


def test_equal_rows_make_the_same_bytes_however_they_are_chunked(lake: Lake) -> None:
    whole = touches("a", "b", "c")
    pieces = pa.concat_tables([whole.slice(0, 1), whole.slice(1)]).replace_schema_metadata({"from": "pandas"})
    path = lake.path(datasets.TOUCHES, "crm")
    assert lake.write(datasets.TOUCHES, "crm", whole)
    before, written = path.read_bytes(), path.stat().st_mtime_ns
    assert not lake.write(datasets.TOUCHES, "crm", pieces)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == (before, written)
    assert lake.write(datasets.TOUCHES, "crm", touches("a", "b"))


def test_a_file_left_from_an_older_shape_of_a_dataset_is_renewed_by_prepare(lake: Lake) -> None:
    path = lake.root / "deals" / "_empty.parquet"
    pq.write_table(pa.table({"old": [1]}), path)
    lake.prepare()
    assert pq.read_schema(path).names == datasets.DEALS.schema.names


@pytest.mark.parametrize(
    ("table", "said"),
    [
        pytest.param(pa.table({"source": ["crm"]}), "touch_id", id="columns missing"),
        pytest.param(touches("1").append_column("extra", pa.array(["x"])), "extra", id="a column too many"),
        pytest.param(
            touches("1").set_column(8, "touched_at", pa.array([None], pa.timestamp("us"))),
            r"touched_at timestamp\[us\]",
            id="an instant without zone",
        ),
        pytest.param(touches("1").select(touches().schema.names[::-1]), "another order", id="columns in another order"),
    ],
)
def test_a_foreign_schema_is_refused_and_leaves_the_partition_as_it_was(lake: Lake, table: pa.Table, said: str) -> None:
    lake.write(datasets.TOUCHES, "crm", touches("kept"))
    with pytest.raises(Permanent, match=said):
        lake.write(datasets.TOUCHES, "crm", table)
    assert lake.read(datasets.TOUCHES) == touches("kept")
    assert files(lake) == ["_empty.parquet", "crm.parquet"]


def test_a_writer_that_fails_in_the_middle_leaves_the_old_partition(lake: Lake) -> None:
    lake.write(datasets.TOUCHES, "crm", touches("kept"))

    def pieces():
        yield touches("new")
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        lake.write_batches(datasets.TOUCHES, "crm", pieces())
    assert lake.read(datasets.TOUCHES) == touches("kept")
    assert files(lake) == ["_empty.parquet", "crm.parquet"]


def test_a_file_that_a_killed_writer_left_is_no_partition(lake: Lake) -> None:
    (lake.root / "touches" / "crm.parquet.0123.tmp").write_bytes(b"half")
    assert lake.partitions(datasets.TOUCHES) == []
    assert lake.read(datasets.TOUCHES).num_rows == 0


def test_a_removed_partition_is_gone_and_removing_it_again_is_no_error(lake: Lake) -> None:
    lake.write(datasets.TOUCHES, "crm", touches("1"))
    lake.remove(datasets.TOUCHES, "crm")
    lake.remove(datasets.TOUCHES, "crm")
    assert lake.partitions(datasets.TOUCHES) == []


NAMES = st.one_of(
    st.text(min_size=1, max_size=20),
    st.sampled_from(["_empty", ".", "..", "../up", "a/b", "*", "a[1]?", "%5F", "sc-domain:a.example/2026-03-02"]),
)


@given(names=st.lists(NAMES, unique=True, max_size=4))
def test_any_text_names_one_partition_inside_the_datasets_folder(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    lake = Lake(tmp_path_factory.mktemp("lake"))
    lake.prepare()
    for name in names:
        assert lake.path(datasets.TOUCHES, name).parent == lake.root / "touches"
        lake.write(datasets.TOUCHES, name, touches(name))
    assert lake.partitions(datasets.TOUCHES) == sorted(names)
    for name in names:
        assert lake.read(datasets.TOUCHES, name) == touches(name)


@pytest.mark.parametrize("name", ["", "\ud800", "x" * 300])
def test_a_name_that_cannot_be_a_files_is_refused(lake: Lake, name: str) -> None:
    with pytest.raises(Permanent, match="naming a lake partition"):
        lake.write(datasets.TOUCHES, name, touches("1"))


def test_a_snapshot_stays_as_it_was_and_the_next_one_replaces_it(lake: Lake, tmp_path: Path) -> None:
    lake.write(datasets.TOUCHES, "crm", touches("1"))
    lake.write(datasets.TOUCHES, "gone", touches("2"))
    taken = Lake(tmp_path / "taken")
    lake.snapshot(taken.root)
    lake.write(datasets.TOUCHES, "crm", touches("1", "new"))
    lake.write(datasets.TOUCHES, "new", touches("3"))
    lake.remove(datasets.TOUCHES, "gone")
    assert taken.read(datasets.TOUCHES) == touches("1", "2")
    for dataset in datasets.ALL:
        assert in_duckdb(taken, dataset).columns == dataset.schema.names
    lake.snapshot(taken.root)
    assert taken.read(datasets.TOUCHES) == touches("1", "new", "3")


def test_a_snapshot_has_all_changes_made_together_or_none(lake: Lake, tmp_path: Path) -> None:
    """Writers change both partitions to the same id again and again; no snapshot has two different ids."""
    over = threading.Event()

    def write(first: int) -> None:
        for number in count(first, 2):
            if over.is_set():
                return
            with lake.together():
                for partition in ("a", "b"):
                    lake.write(datasets.TOUCHES, f"{partition}{first}", touches(str(number)))

    with ThreadPoolExecutor() as pool:
        writers = [pool.submit(write, first) for first in range(2)]
        seen: list[list[str]] = []
        while len(set(map(tuple, seen))) < 10:
            lake.snapshot(tmp_path / "taken")
            seen.append(Lake(tmp_path / "taken").read(datasets.TOUCHES)["touch_id"].to_pylist())
        over.set()
        for writer in writers:
            writer.result()
    for ids in filter(None, seen):
        assert len(ids) == len(set(ids)) * 2, ids


def test_a_snapshot_that_cannot_be_is_refused_with_what_to_do(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file stands in its place")
    with pytest.raises(Permanent, match=r"(?s)taking a snapshot of the lake: .*state_dir"):
        lake.snapshot(tmp_path / "taken")
