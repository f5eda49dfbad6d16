"""Files come from people's spreadsheets: every line must end as a row or as a rejection that shows the line."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_ops.connectors.files.rows import LONGEST_RECORD, Malformed, Row
from delivery_ops_tests.connectors.files.rows_of import read, read_text, seen


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
