"""From a file's texts to our fields: what each kind of source needs, and how a text becomes a value or a rejection.

Belongs here: the fields of each kind, the check that a source's configuration names them, and the conversion of one
row. Does not belong here: reading files (``reading``), and what becomes of the rows (``load``). Values are exact or
refused: an amount with too many decimals is rejected, never rounded; ids are not trimmed. An empty value is absent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn, TypeVar

from delivery_ops import money
from delivery_ops.connectors.files import values
from delivery_ops.connectors.files.reading import Row
from delivery_ops.errors import BadUsage, Rejected
from delivery_ops.settings import FileSource, SourceKind

Record = dict[str, Any]
Value = TypeVar("Value")


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """The fields a kind of source has. ``key`` identifies a row; of each group in ``either`` at most one field may be
    given; of all of ``any_of`` at least one must be."""

    key: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    either: tuple[tuple[str, ...], ...] = ()
    any_of: tuple[str, ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        """Every field, the key first."""
        grouped = tuple(name for group in self.either for name in group)
        return (self.key, *self.required, *grouped, *self.optional)


KINDS: Mapping[SourceKind, Kind] = {
    "deliverables": Kind(key="deliverable_id", required=("client_id", "type"), optional=("tier", "url")),
    "touches": Kind(
        key="touch_id",
        required=("contact_id", "touched_at"),
        optional=("account_id", "deliverable_id", "channel", "touch_type", "milestone"),
    ),
    "deals": Kind(
        key="deal_key", required=("closed_at",), optional=("contact_id", "account_id", "currency", "refund_of")
    ),
    "revenue": Kind(
        key="revenue_id",
        required=("currency",),
        optional=("deal_key", "booked_at"),
        either=(("amount", "amount_minor"),),
        any_of=("amount", "amount_minor"),
    ),
    "costs": Kind(
        key="cost_id",
        required=("deliverable_id", "worked_at"),
        optional=("currency",),
        either=(("amount", "amount_minor"), ("hours", "minutes")),
        any_of=("amount", "amount_minor", "hours", "minutes"),
    ),
}
_INSTANTS = {"touched_at", "closed_at", "booked_at", "worked_at"}
_NUMBERS = {"amount", "amount_minor", "hours", "minutes"}


class RowMapping:
    """The conversion that one source's configuration describes.

    Raises:
        BadUsage: it leaves a required field out, names one that its kind has not, or one twice.
    """

    def __init__(self, source: FileSource) -> None:
        self.source = source
        self.kind = KINDS[source.kind]
        self._columns = {
            field: (named,) if isinstance(named, str) else named for field, named in source.columns.items()
        }
        self._require_fields({*source.columns, *source.constants})

    def require_columns(self, columns: tuple[str, ...]) -> None:
        """Check that the file has every column the configuration names.

        Raises:
            BadUsage: naming the missing one and those the file has.
        """
        for field, named in self._columns.items():
            for column in named:
                if column not in columns:
                    cause = f"the file has no column {column!r}; it has {', '.join(columns)}"
                    raise self._bad_usage(f"columns.{field}", cause)

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
            return self.source.constants[field] or None
        parts = [row.values[column] for column in self._columns.get(field, ())]
        return ":".join(parts) if parts and all(parts) else None

    def _require_fields(self, given: set[str]) -> None:
        kind = self.kind
        for field in sorted(given - set(kind.fields)):
            allowed = ", ".join(kind.fields)
            raise self._bad_usage(
                self._place(field), f"{self.source.kind} have no field {field!r}; allowed are {allowed}"
            )
        for field in (kind.key, *kind.required):
            if field not in given:
                raise self._bad_usage(
                    "columns", f"{self.source.kind} need the field {field!r} (a column or a constant)"
                )
        if kind.any_of and not given & set(kind.any_of):
            raise self._bad_usage("columns", f"{self.source.kind} need one of {', '.join(kind.any_of)}")
        for group in kind.either:
            if given.issuperset(group):
                raise self._bad_usage("columns", f"{' and '.join(group)} say the same; give one of them")
        if given & {"amount", "amount_minor"} and "currency" not in given:
            raise self._bad_usage("columns", "an amount needs the field 'currency' (a column or a constant)")
        for field in sorted(self.source.columns.keys() & self.source.constants.keys()):
            raise self._bad_usage(f"constants.{field}", "the field is mapped to a column too; give one of them")
        try:
            money.decimals(self.source.constants.get("currency", "EUR"))
        except ValueError as error:
            raise self._bad_usage("constants.currency", str(error)) from error

    def _place(self, field: str) -> str:
        return f"columns.{field}" if field in self.source.columns else f"constants.{field}"

    def _bad_usage(self, key: str, cause: str) -> BadUsage:
        return BadUsage(
            "reading a file source",
            subject=f"delivery_ops.yaml, source {self.source.name}, key {key}",
            cause=cause,
            remedy="Correct the source in delivery_ops.yaml and run the command again.",
        )


def _amount_minor(texts: Mapping[str, str | None]) -> int | None:
    if texts["amount_minor"] is not None:
        return _converted("invalid_amount", "amount_minor", texts["amount_minor"], values.whole_number)
    currency = texts["currency"]
    if texts["amount"] is not None and currency is None:
        _reject("missing_field", "currency", "it is empty beside an amount")
    return _converted(
        "invalid_amount", "amount", texts["amount"], lambda text: values.minor_units(text, currency or "")
    )


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
