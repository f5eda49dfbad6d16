"""A file source as configured: the fields each kind of source has, and the check that a source names the right ones.

Belongs here: ``FileSource``, the kinds, and every mistake that shows without opening the file. Does not belong here:
reading files and converting rows (``connectors.files``). A mistake names the key it stands under (``WrongKey``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import Field, model_validator

from delivery_ops import money
from delivery_ops.config_values import FilePath, Identifier, Section, ZoneName
from delivery_ops.config_words import WrongKey

SourceKind = Literal["deliverables", "touches", "deals", "revenue", "costs"]
IDS_OF_A_CLIENT = ("contact_id", "account_id", "deal_key", "refund_of")
"""What one client's system numbers by itself, so that another client's may use the same ids for others."""


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


class FileSource(Section):
    """Rows of another system in a CSV or Parquet file.

    ``columns`` maps our field to the file's column, or to several that are joined by ``:``; ``constants`` gives
    fields no column holds; ``values`` replaces texts of a field's columns (theirs: ours). With ``client``, the ids of
    ``IDS_OF_A_CLIENT`` are that client's own. A field ``amount`` is a decimal in ``currency`` and is turned into minor
    units; ``amount_minor`` is taken as it is. Instants without an offset are read in ``zone``.
    """

    name: Identifier
    kind: SourceKind
    path: FilePath
    columns: dict[str, str | tuple[str, ...]]
    constants: dict[str, str] = Field(default_factory=dict)
    values: dict[str, dict[str, str]] = Field(default_factory=dict)
    client: Identifier | None = None
    zone: ZoneName = "UTC"

    @model_validator(mode="after")
    def _fields_are_the_kinds(self) -> FileSource:
        self._require_known()
        self._require_enough()
        self._require_one_each()
        if self.client and not {*IDS_OF_A_CLIENT} & {*KINDS[self.kind].fields}:
            raise WrongKey(("client",), f"{self.kind} have none of {', '.join(IDS_OF_A_CLIENT)} to tell apart by it")
        try:
            money.decimals(self.constants.get("currency", "EUR"))
        except ValueError as error:
            raise WrongKey(("constants", "currency"), str(error)) from error
        return self

    def _require_known(self) -> None:
        allowed = KINDS[self.kind].fields
        for section, named in (("columns", self.columns), ("constants", self.constants)):
            for field in named:
                if field not in allowed:
                    cause = f"{self.kind} have no field {field!r}; allowed are {', '.join(allowed)}"
                    raise WrongKey((section, field), cause)
        for field in self.values:
            if field not in self.columns:
                cause = f"no column is mapped to {field!r}; there are {', '.join(self.columns) or 'none'}"
                raise WrongKey(("values", field), cause)

    def _require_enough(self) -> None:
        kind, given = KINDS[self.kind], self.columns.keys() | self.constants.keys()
        for field in (kind.key, *kind.required):
            if field not in given:
                raise WrongKey(("columns",), f"{self.kind} need the field {field!r} (a column or a constant)")
        if kind.any_of and not given & {*kind.any_of}:
            raise WrongKey(("columns",), f"{self.kind} need one of {', '.join(kind.any_of)}")
        if given & {"amount", "amount_minor"} and "currency" not in given:
            raise WrongKey(("columns",), "an amount needs the field 'currency' (a column or a constant)")
        for field, named in self.columns.items():
            if not named:
                raise WrongKey(("columns", field), "it names no column")

    def _require_one_each(self) -> None:
        for group in KINDS[self.kind].either:
            if {*group} <= self.columns.keys() | self.constants.keys():
                section = "columns" if group[1] in self.columns else "constants"
                raise WrongKey((section, group[1]), f"{' and '.join(group)} say the same; give one of them")
        for field in self.constants:
            if field in self.columns:
                raise WrongKey(("constants", field), "the field is mapped to a column too; give one of them")
