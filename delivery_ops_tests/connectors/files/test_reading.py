"""A file that cannot be used is told from one that can, and from what its reader does wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from delivery_ops.connectors.files.reading import open_rows
from delivery_ops.connectors.files.rows import UnreadableFile
from delivery_ops_tests.connectors.files.rows_of import read, read_text


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
