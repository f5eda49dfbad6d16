"""Parquet's values as the texts that a CSV file would hold, so that one mapping reads both.

Belongs here: that conversion. Does not belong here: opening the file (``reading``). Columns that hold lists or records
are not there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from delivery_ops.connectors.files.rows import FAULTS, Malformed, Row, Rows, unreadable

_BATCH = 10_000


def parquet_rows(file: BinaryIO, path: Path) -> Rows:
    """The rows of the open Parquet file ``file``, which lies at ``path``.

    Raises:
        UnreadableFile: a column stands there twice.
    """
    parquet = pq.ParquetFile(file)
    schema = parquet.schema_arrow
    names = [field.name for field in schema if not pa.types.is_nested(field.type)]
    if len(set(names)) < len(names):
        raise unreadable(path, f"it has a column twice: {', '.join(names)}")
    return Rows(columns=tuple(names), items=_rows(parquet, names))


def _rows(parquet: Any, names: list[str]) -> Iterator[Row | Malformed]:
    number = 0
    for batch in parquet.iter_batches(batch_size=_BATCH, columns=names):
        for values in batch.to_pylist():
            number += 1
            row = Row(line=number, values={name: _text(value) for name, value in values.items()})
            if any("\0" in text for text in row.values.values()):
                yield Malformed(line=number, code="nul_character", message=FAULTS["nul_character"], raw=row.raw)
            else:
                yield row


def _text(value: object) -> str:
    """A Parquet value as the text a CSV file would hold: numbers without exponent, times in ISO 8601.

    A whole number is the same text as a float and as an integer: a column of integers with gaps is one of floats where
    pandas wrote it, and its ids must meet those of a column without.
    """
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, float):
        if math.isnan(value):
            return ""
        return str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value)
