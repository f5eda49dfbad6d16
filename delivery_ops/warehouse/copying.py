"""One mart's rows, from DuckDB into a new PostgreSQL table.

Belongs here: which type becomes which, and the copy itself, in pieces and column-wise. Does not belong here: names,
versions and views (``publish``). Rows travel as CSV in which every value is quoted and null is not, which is how
PostgreSQL tells an empty text from null.
"""

from __future__ import annotations

import io
import re
from typing import LiteralString

import duckdb
import psycopg
import pyarrow as pa
import pyarrow.csv
from psycopg.sql import SQL, Composable, Composed, Identifier

from delivery_ops.errors import Permanent

_PIECE_ROWS = 20_000  # a few megabytes of rows in memory at a time
_AS_CSV = pa.csv.WriteOptions(include_header=False, quoting_style="all_valid")

_TYPES: dict[str, LiteralString] = {
    "VARCHAR": "text",
    "BIGINT": "bigint",
    "INTEGER": "integer",
    "DOUBLE": "double precision",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
    "JSON": "json",  # not jsonb, which would refuse the escape \u0000
}
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")

Columns = list[tuple[str, str]]
"""Names and PostgreSQL types, in order."""


def copy_rows(rows: duckdb.DuckDBPyRelation, postgres: psycopg.Connection, table: Identifier, columns: Columns) -> None:
    """Create ``table`` with ``columns``, holding ``rows``, in the transaction that is open.

    The table never changes afterwards, so it is frozen (visible to every snapshot, however old), analysed at once
    and left alone by autovacuum.

    Raises:
        Permanent: PostgreSQL refuses a value.
    """
    postgres.execute(SQL("CREATE TABLE {} ({}) WITH (autovacuum_enabled = false)").format(table, _definitions(columns)))
    try:
        with postgres.cursor().copy(SQL("COPY {} FROM STDIN (FORMAT csv, FREEZE true)").format(table)) as copy:
            for piece in rows.to_arrow_reader(_PIECE_ROWS):
                copy.write(_as_csv(piece))
    except psycopg.DataError as error:
        raise Permanent(
            "publishing a mart",
            subject=table.as_string(postgres),
            cause=str(error).strip(),
            remedy="Correct the named row where it comes from, and run again.",
        ) from error
    postgres.execute(SQL("ANALYZE {}").format(table))


def columns_of(rows: duckdb.DuckDBPyRelation, mart: str) -> Columns:
    """The columns of the PostgreSQL table that these rows of ``mart`` go to.

    Raises:
        Permanent: a column has a type that is not published.
    """
    return [
        (name, _postgres_type(str(kind), f"{mart}.{name}")) for name, kind in zip(rows.columns, rows.types, strict=True)
    ]


def _postgres_type(kind: str, column: str) -> str:
    if kind in _TYPES:
        return _TYPES[kind]
    if decimal := _DECIMAL.fullmatch(kind):
        return f"numeric({decimal[1]},{decimal[2]})"
    raise Permanent(
        "publishing a mart",
        subject=column,
        cause=f"columns of type {kind} are not published",
        remedy=f"Cast it to one of {', '.join(_TYPES)} or a DECIMAL in the dbt model and its contract.",
    )


def _definitions(columns: Columns) -> Composed:
    parts: list[Composable] = [SQL("{} {}").format(Identifier(name), SQL(kind)) for name, kind in columns]
    return SQL(", ").join(parts)


def _as_csv(piece: pa.RecordBatch) -> bytes:
    buffer = io.BytesIO()
    pa.csv.write_csv(piece, buffer, _AS_CSV)
    return buffer.getvalue()
