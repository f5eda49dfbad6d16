"""Rows of a touches or conversions file, read and judged: kept, duplicate or rejected with the reason.

Belongs here: the files' columns, reading CSV and Parquet, and the counts. What makes a row wrong stands in
``sql/check_touches.sql`` and ``sql/check_conversions.sql``. Does not belong here: attribution. Every value is read as
text, so that ids stay as they are byte for byte; DuckDB does it in columns, so that ten million rows fit.
"""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import duckdb
from duckdb import ColumnExpression, ConstantExpression, Expression, FunctionExpression, SQLExpression, StarExpression

from delivery_ops import money
from delivery_ops.errors import BadUsage

_SQL = Path(__file__).parent / "sql"
_DELIMITERS = ",;\t|"
_FLOATS = {"FLOAT", "DOUBLE"}


@dataclass(frozen=True, kw_only=True, slots=True)
class FileKind:
    """A kind of file by its columns; ``name`` is also the table its judged rows stand in."""

    name: str
    required: tuple[str, ...]
    optional: tuple[str, ...]


TOUCHES = FileKind(
    name="touches",
    required=("touch_id", "contact_id", "deliverable_id", "channel", "touched_at"),
    optional=("touch_type", "milestone", "account_id"),
)
CONVERSIONS = FileKind(
    name="conversions",
    required=("conversion_id", "contact_id", "converted_at", "amount_minor", "currency"),
    optional=("account_id", "refund_of"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Intake:
    """Where the rows of one file went: rows = kept + duplicate + rejected."""

    file: str
    rows: int
    kept: int
    duplicate: int
    rejected: int


def open_intake(path: Path) -> duckdb.DuckDBPyConnection:
    """A scratch database that ``take`` fills: one table per kind of file, and the table ``rejected`` of both."""
    connection = duckdb.connect(str(path))
    connection.execute("SET TimeZone = 'UTC'")  # instants without an offset are UTC
    connection.execute("SET VARIABLE currencies = ?", [sorted(money.CURRENCIES)])
    connection.execute("SET VARIABLE largest_minor = ?", [money.LARGEST_MINOR])
    connection.execute(query("number_text"))
    connection.execute(query("rejected"))
    return connection


def query(name: str) -> str:
    """The text of ``sql/<name>.sql``."""
    return (_SQL / f"{name}.sql").read_text(encoding="utf-8")


def take(connection: duckdb.DuckDBPyConnection, path: Path, kind: FileKind) -> Intake:
    """Read ``path`` (Parquet, or CSV) and judge each of its rows.

    Raises:
        BadUsage: the file cannot be read, or lacks a required column.
    """
    try:
        is_parquet = _is_parquet(path)
        rows = connection.read_parquet(str(path)) if is_parquet else _read_csv(connection, path, kind)
        if missing := [name for name in kind.required if name not in rows.columns]:
            raise _unreadable(path, kind, f"it lacks {', '.join(missing)}; it has {', '.join(rows.columns)}")
        rows.select(*_as_text(kind, rows)).create("given")
    except (OSError, duckdb.Error) as error:
        raise _unreadable(path, kind, str(error).strip().splitlines()[0]) from error
    unreadable = 0 if is_parquet else _reject_unreadable(connection, kind)
    connection.execute(query(f"check_{kind.name}"))
    connection.sql(query("judge")).create(kind.name)
    connection.execute("DROP TABLE given")
    judged = connection.table(kind.name)
    _reject(judged.filter("outcome = 'rejected'").select('NULL, "row", id, reason, NULL'), kind)
    outcomes = Counter(dict(judged.aggregate("outcome, count(*)").fetchall()))
    return Intake(
        file=str(path),
        rows=outcomes.total() + unreadable,
        kept=outcomes["kept"],
        duplicate=outcomes["duplicate"],
        rejected=outcomes["rejected"] + unreadable,
    )


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def _read_csv(connection: duckdb.DuckDBPyConnection, path: Path, kind: FileKind) -> duckdb.DuckDBPyRelation:
    """The file's rows as text. Only the header decides the dialect: guessing it from rows can go wrong."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        line = file.readline()
    delimiter = max(_DELIMITERS, key=line.count)
    names = next(csv.reader([line], delimiter=delimiter), [])
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise _unreadable(path, kind, f"the column {twice[0]!r} stands twice")
    if not any(names):
        raise _unreadable(path, kind, "it has no header line")
    return connection.read_csv(
        str(path),
        header=True,
        auto_detect=False,
        columns=dict.fromkeys(names, "VARCHAR"),
        delimiter=delimiter,
        quotechar='"',
        escapechar='"',
        store_rejects=True,
        rejects_table=f"{kind.name}_errors",
        rejects_scan=f"{kind.name}_scans",
    )


def _as_text(kind: FileKind, rows: duckdb.DuckDBPyRelation) -> list[Expression]:
    """The columns of ``kind`` as text, null where the file has none, and the number of the row from 1."""
    types = dict(zip(rows.columns, map(str, rows.types), strict=True))

    def text(name: str) -> Expression:
        if name not in types:
            return ConstantExpression(None).cast("VARCHAR")
        column = ColumnExpression(name)
        return FunctionExpression("number_text", column) if types[name] in _FLOATS else column.cast("VARCHAR")

    texts = [text(name).alias(name) for name in (*kind.required, *kind.optional)]
    return [SQLExpression("row_number() OVER ()").alias("row"), *texts]


def _reject_unreadable(connection: duckdb.DuckDBPyConnection, kind: FileKind) -> int:
    """Reject the lines that are no CSV rows, and say how many there are."""
    errors = connection.table(f"{kind.name}_errors")
    lines = errors.aggregate("line, first(error_message) AS reason, left(first(csv_line), 500) AS content")
    _reject(lines.select("line, NULL, NULL, reason, content"), kind)
    return lines.shape[0]


def _reject(rows: duckdb.DuckDBPyRelation, kind: FileKind) -> None:
    file = ConstantExpression(kind.name).alias("file")
    rows.select(file, StarExpression()).insert_into("rejected")


def _unreadable(path: Path, kind: FileKind, cause: str) -> BadUsage:
    return BadUsage(
        f"reading {kind.name}",
        subject=str(path),
        cause=cause,
        remedy="It must be Parquet, or CSV in UTF-8 with a header line and line ends that are all alike, with the "
        f"columns {', '.join(kind.required)}; {', '.join(kind.optional)} may be there too.",
    )
