"""From a file's texts to our fields: how a text becomes a value or a rejection.

Belongs here: the conversion of one row, and the check that the file has the columns. Does not belong here: what a
source may be configured to be (``file_source``), reading files (``reading``), and what becomes of the rows (``load``).
Values are exact or refused: an amount with too many decimals is rejected, never rounded; ids are not trimmed. An empty
value is absent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NoReturn, TypeVar

from delivery_ops import money
from delivery_ops.connectors.files import values
from delivery_ops.connectors.files.rows import Row, UnreadableFile
from delivery_ops.errors import Rejected
from delivery_ops.file_source import IDS_OF_A_CLIENT, KINDS, FileSource

Record = dict[str, Any]
Value = TypeVar("Value")


_INSTANTS = {"touched_at", "closed_at", "booked_at", "worked_at"}
_NUMBERS = {"amount", "amount_minor", "hours", "minutes"}


class RowMapping:
    """The conversion that one source's configuration describes."""

    def __init__(self, source: FileSource) -> None:
        self.source = source
        self.kind = KINDS[source.kind]
        self._columns = {
            field: (named,) if isinstance(named, str) else named for field, named in source.columns.items()
        }

    def require_columns(self, columns: tuple[str, ...]) -> None:
        """Check that the file has every column the configuration names.

        Raises:
            UnreadableFile: naming the missing one and those the file has.
        """
        for field, named in self._columns.items():
            for column in named:
                if column not in columns:
                    raise UnreadableFile(
                        "reading a source's file",
                        subject=f"{self.source.path}, source {self.source.name}",
                        cause=f"columns.{field}: it has no column {column!r}; it has {', '.join(columns)}",
                        remedy="Correct the file, or the source in delivery_ops.yaml.",
                    )

    def record(self, row: Row) -> Record:
        """The row's fields with their values; absent ones are None.

        Raises:
            Rejected: code ``missing_field``, ``invalid_instant``, ``invalid_amount``, ``invalid_number`` or
                ``invalid_currency``.
        """
        texts = {field: self._text(field, row) for field in self.kind.fields}
        for field in (self.kind.key, *self.kind.required):
            if texts[field] is None:
                _reject("missing_field", field, "it is empty")
        if self.kind.any_of and all(texts[field] is None for field in self.kind.any_of):
            _reject("missing_field", " or ".join(self.kind.any_of), "all of them are empty")
        record: Record = {field: text for field, text in texts.items() if field not in _NUMBERS}
        for field in (name for name in texts if name in _INSTANTS):
            record[field] = _converted("invalid_instant", field, record[field], self._instant)
        if "currency" in record:
            _converted("invalid_currency", "currency", record["currency"], money.decimals)
        if "amount" in texts:
            record["amount_minor"] = _amount_minor(texts)
        if "hours" in texts:
            record["worked_minutes"] = _minutes(texts)
        return record

    def _instant(self, text: str) -> datetime:
        return values.instant(text, self.source.zone)

    def _text(self, field: str, row: Row) -> str | None:
        if field in self.source.constants:
            parts = [self.source.constants[field]]
        else:
            ours = self.source.values.get(field, {})
            texts = [row.values[column] for column in self._columns.get(field, ())]
            parts = [ours.get(text, text) for text in texts]
        if not parts or not all(parts):
            return None
        if self.source.client and field in IDS_OF_A_CLIENT:
            parts = [self.source.client, *parts]
        return joined(parts)


def joined(parts: Sequence[str]) -> str:
    r"""Parts as one id, with ``:`` between them. One part alone stays as it is; in several, a ``:`` or ``\`` of a
    part's own has a ``\`` before it, so that other parts never make the same id: ``a:b`` and ``c`` are ``a\:b:c``."""
    if len(parts) == 1:
        return parts[0]
    return ":".join(part.replace("\\", "\\\\").replace(":", "\\:") for part in parts)


def _amount_minor(texts: Mapping[str, str | None]) -> int | None:
    field = "amount" if texts["amount_minor"] is None else "amount_minor"
    text, currency = texts[field], texts["currency"]
    if text is None:
        return None
    if currency is None:
        _reject("missing_field", "currency", "it is empty beside an amount")
    if field == "amount_minor":
        return _converted("invalid_amount", field, text, values.whole_number)
    return _converted("invalid_amount", field, text, lambda decimal: values.minor_units(decimal, currency))


def _minutes(texts: Mapping[str, str | None]) -> int | None:
    if texts["minutes"] is not None:
        return _converted("invalid_number", "minutes", texts["minutes"], values.whole_number)
    return _converted("invalid_number", "hours", texts["hours"], values.minutes_of_hours)


def _converted(code: str, field: str, text: str | None, convert: Callable[[str], Value]) -> Value | None:
    try:
        return None if text is None else convert(text)
    except ValueError as error:
        _reject(code, field, str(error))


def _reject(code: str, field: str, cause: str) -> NoReturn:
    raise Rejected(
        "reading a row",
        subject=f"field {field}",
        cause=f"{field}: {cause}",
        remedy="Correct the row in its system and load the file again.",
        code=code,
    )
