"""Files come from people's spreadsheets: every line must end as a row or as a rejection that shows the line."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_ops.connectors.files.reading import open_rows
from delivery_ops.connectors.files.rows import LONGEST_RECORD, Malformed, Row, UnreadableFile


def read(path: Path) -> tuple[tuple[str, ...], list[Row | Malformed]]:
    with open_rows(path) as rows:
        return rows.columns, list(rows.items)


def read_text(tmp_path: Path, text: str | bytes) -> list[Row | Malformed]:
    path = tmp_path / "rows.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(path)[1]


def seen(items: list[Row | Malformed]) -> list[tuple[int, object]]:
    return [(one.line, tuple(one.values.values()) if isinstance(one, Row) else one.code) for one in items]


def test_values_are_the_very_texts_of_the_file(tmp_path: Path) -> None:
    text = '\ufeffid,"the, name",at\r\n007,"say ""hi""\r\nand go", 2026 \r\n\r\n7,,NULL'
    (tmp_path / "rows.csv").write_text(text, encoding="utf-8", newline="")
    columns, rows = read(tmp_path / "rows.csv")
    assert columns == ("id", "the, name", "at")
    assert seen(rows) == [(2, ("007", 'say "hi"\r\nand go', " 2026 ")), (5, ("7", "", "NULL"))]
    assert rows[0].raw == '007,"say ""hi""\r\nand go", 2026 '


@pytest.mark.parametrize(
    ("line", "code"),
    [
        pytest.param(b"only one", "wrong_column_count", id="too few values"),
        pytest.param(b"1,2,3", "wrong_column_count", id="too many values"),
        pytest.param(b'1,"open', "malformed_csv", id="a quote that is not closed"),
        pytest.param(b'1,"clo"sed', "malformed_csv", id="text after a closing quote"),
        pytest.param(b'1,5" pipe,"x"', "malformed_csv", id="a quote in a plain value"),
        pytest.param(b"1,a\rb", "malformed_csv", id="a carriage return in a plain value"),
        pytest.param(b"1,\xff\xfe", "not_utf8", id="no UTF-8"),
        pytest.param(b"1,a\0b", "nul_character", id="NUL"),
        pytest.param(b"1," + b"x" * LONGEST_RECORD, "too_long", id="a line without end"),
    ],
)
def test_a_malformed_line_costs_only_itself(tmp_path: Path, line: bytes, code: str) -> None:
    items = read_text(tmp_path, b'id,name\na,"1"\n' + line + b'\nb,2\nc,"3\n4"\nd,5\n')
    assert seen(items) == [(2, ("a", "1")), (3, code), (4, ("b", "2")), (5, ("c", "3\n4")), (7, ("d", "5"))]
    assert items[1].raw.startswith(line[:6].decode("utf-8", "backslashreplace").replace("\0", "\\x00"))


def test_a_bad_line_inside_a_quoted_value_ends_it(tmp_path: Path) -> None:
    assert seen(read_text(tmp_path, b'id,name\na,"1\n\xff\nb,2\n')) == [
        (2, "malformed_csv"),
        (3, "not_utf8"),
        (4, ("b", "2")),
    ]


def test_an_open_quote_does_not_swallow_a_large_file(tmp_path: Path) -> None:
    good = b"".join(b"%d,x\n" % number for number in range(50_000))
    items = read_text(tmp_path, b'id,name\nbad,"open\n' + good)
    assert [one.line for one in items if isinstance(one, Malformed)] == [2]
    assert len(items) == 50_001


ROWS = st.lists(
    st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=8), min_size=2, max_size=2)
)


# Python's writer leaves a carriage return bare when it ends lines with "\n" and quotes only what it must.
STYLES = st.sampled_from([("\n", csv.QUOTE_ALL), ("\r\n", csv.QUOTE_ALL), ("\r\n", csv.QUOTE_MINIMAL)])


@given(rows=ROWS, style=STYLES)
def test_what_a_csv_writer_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], style: tuple[str, int]
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=style[0], quoting=style[1]).writerows([["id", "name"], *rows])
    items = read_text(tmp_path_factory.mktemp("csv"), text.getvalue())
    assert [list(one.values.values()) if isinstance(one, Row) else one for one in items] == rows


@given(data=st.one_of(st.binary(max_size=200), st.lists(st.sampled_from([*'a",\r\n\0\xff', "b,c\n"])).map("".join)))
def test_any_bytes_are_rows_malformed_lines_or_an_unreadable_file(
    tmp_path_factory: pytest.TempPathFactory, data: bytes | str
) -> None:
    content = data if isinstance(data, bytes) else data.encode("latin-1")
    items = read_text(tmp_path_factory.mktemp("csv"), b"id,name\n" + content)
    lines = [number for one in items for number in range(one.line, one.line + one.raw.count("\n") + 1)]
    full = [number for number, line in enumerate(content.split(b"\n"), start=2) if line.removesuffix(b"\r")]
    assert len(set(lines)) == len(lines)
    assert set(full) <= set(lines)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"", "it is empty", id="empty"),
        pytest.param(b"\n\n", "it is empty", id="only empty lines"),
        pytest.param(b"a,b,a\n1,2,3\n", "a column twice", id="a name twice"),
        pytest.param(b"a,,b\n", "without a name", id="a column without a name"),
        pytest.param("a,b\n".encode("utf-16"), "header row: it holds the character NUL", id="UTF-16"),
        pytest.param(b"PAR1 and no more", "arquet", id="a cut Parquet file"),
    ],
)
def test_a_file_without_a_header_is_unreadable(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(UnreadableFile, match=said):
        read_text(tmp_path, content)


def test_a_missing_file_and_a_folder_are_unreadable(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(UnreadableFile, match=str(path)):
            read(path)


def test_an_error_of_the_caller_is_not_taken_for_one_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("id\n1\n")
    with pytest.raises(OSError, match="the disk is full"), open_rows(tmp_path / "rows.csv"):
        raise OSError("the disk is full")


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
