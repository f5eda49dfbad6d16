"""What a file is read as."""

from __future__ import annotations

from pathlib import Path

from delivery_ops.connectors.files.reading import open_rows
from delivery_ops.connectors.files.rows import Malformed, Row


def read(path: Path) -> tuple[tuple[str, ...], list[Row | Malformed]]:
    with open_rows(path) as rows:
        return rows.columns, list(rows.items)


def read_text(tmp_path: Path, text: str | bytes) -> list[Row | Malformed]:
    path = tmp_path / "rows.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(path)[1]


def seen(items: list[Row | Malformed]) -> list[tuple[int, object]]:
    return [(one.line, tuple(one.values.values()) if isinstance(one, Row) else one.code) for one in items]
