"""Rows of a CSV or Parquet file as texts by column, one at a time, and what could not be read as a row.

Belongs here: opening a file, telling the two formats apart (by content, not by name), and turning whatever is wrong
with it into ``UnreadableFile``. Does not belong here: the formats (``csv_rows``, ``parquet_rows``), and what a column
means (``mapping``). Values stay the very texts of the file: ``007`` is not ``7``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from delivery_ops.connectors.files.csv_rows import csv_rows
from delivery_ops.connectors.files.parquet_rows import parquet_rows
from delivery_ops.connectors.files.rows import Malformed, Row, Rows, unreadable

_PARQUET_MAGIC = b"PAR1"


@contextmanager
def open_rows(path: Path) -> Iterator[Rows]:
    """The rows of the file at ``path``, which is read as they are asked for.

    Raises:
        UnreadableFile: it is missing, may not be read, or has no header.
    """
    with _faults_of(path):
        file = path.open("rb")
    with file:
        with _faults_of(path):
            is_parquet = file.read(len(_PARQUET_MAGIC)) == _PARQUET_MAGIC
            file.seek(0)
            rows = parquet_rows(file, path) if is_parquet else csv_rows(file, path)
        yield Rows(columns=rows.columns, items=_guarded(rows.items, path))


def _guarded(items: Iterator[Row | Malformed], path: Path) -> Iterator[Row | Malformed]:
    while True:
        with _faults_of(path):
            item = next(items, None)
        if item is None:
            return
        yield item


@contextmanager
def _faults_of(path: Path) -> Iterator[None]:
    """Whatever the system or pyarrow finds wrong with the file (Arrow's errors are partly ``ValueError``)."""
    try:
        yield
    except (OSError, pa.ArrowException, ValueError, OverflowError) as error:
        raise unreadable(path, str(error) or type(error).__name__) from error
