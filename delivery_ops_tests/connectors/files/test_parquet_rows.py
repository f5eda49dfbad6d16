"""A Parquet file must be read as the CSV file that holds the same: one mapping serves both."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from delivery_ops.connectors.files.rows import Row, UnreadableFile
from delivery_ops_tests.connectors.files.rows_of import read, seen


def test_parquet_values_become_the_texts_a_csv_would_hold(tmp_path: Path) -> None:
    at = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    table = pa.table(
        {
            "text": ["007", None],
            "whole": pa.array([7, None], pa.int64()),
            "float": [63976.36, float("nan")],
            "small": [1e-7, 1e16],
            "decimal": pa.array([Decimal("1.50"), None], pa.decimal128(10, 2)),
            "day": pa.array([date(2026, 3, 29), None], pa.date32()),
            "instant": pa.array([at, None], pa.timestamp("us", tz="Europe/Berlin")),
            "naive": pa.array([at.replace(tzinfo=None), None], pa.timestamp("ms")),
            "bytes": pa.array([b"a\xff", None], pa.binary()),
            "nested": [[1], []],
        }
    )
    pq.write_table(table, tmp_path / "rows.data")
    columns, items = read(tmp_path / "rows.data")
    times = ["2026-03-29", "2026-03-29T03:30:00+02:00", "2026-03-29T01:30:00"]
    assert columns == tuple(name for name in table.column_names if name != "nested")
    assert [list(one.values.values()) for one in items if isinstance(one, Row)] == [
        ["007", "7", "63976.36", "0.0000001", "1.50", *times, "a\\xff"],
        ["", "", "", "10000000000000000", "", "", "", "", ""],
    ]
    assert items[0].raw.startswith('{"text": "007", "whole": "7"')


def test_whole_numbers_of_a_column_with_gaps_are_those_of_one_without(tmp_path: Path) -> None:
    """pandas has no integers with gaps: it writes the ids 17 and nothing as 17.0 and NaN or null."""
    whole = [17, 0, -3, 2**53, None]
    floats = [None if number is None else float(number) for number in whole]
    table = pa.table(
        {
            "whole": pa.array(whole, pa.int64()),
            "gaps": pa.array(floats, pa.float64()),
            "zero": pa.array([17.0, -0.0, -3.0, 2.0**53, float("nan")], pa.float64()),
        }
    )
    pq.write_table(table, tmp_path / "rows.parquet")
    _, items = read(tmp_path / "rows.parquet")
    texts = ["17", "0", "-3", "9007199254740992", ""]
    assert [list(one.values.values()) for one in items if isinstance(one, Row)] == [[text] * 3 for text in texts]


def test_a_parquet_row_with_nul_is_malformed_and_a_file_damaged_in_the_middle_is_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"id": ["a\0", "b"] * 5_000}), path, compression="none", use_dictionary=False)
    assert seen(read(path)[1])[:2] == [(1, "nul_character"), (2, ("b",))]
    content = bytearray(path.read_bytes())
    content[4:40] = b"\xff" * 36
    path.write_bytes(content)
    with pytest.raises(UnreadableFile):
        read(path)


def test_two_columns_of_one_name_are_unreadable_in_parquet_too(tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]), tmp_path / "rows.parquet")
    with pytest.raises(UnreadableFile, match="a column twice"):
        read(tmp_path / "rows.parquet")
