"""The registry: which event types exist, and whether a draft keeps the contract of its type and version.

Belongs here: loading ``schemas/<type>/<version>.json``, our annotations in them, and a refusal that names path,
found and allowed. Does not belong here: storing a refusal (``ledger``). A contract is the JSON Schema of a
payload, closed for producers, with ``x-subject`` (one | many | none), and where they apply ``x-aliases`` (names
accepted on input), ``x-client`` (required), ``x-stream`` (the template of the stream commands write to) and
``x-writer`` (system: what this system alone finds out, and nobody outside may say).
"""

from __future__ import annotations

import difflib
import re
import string
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

import jsonschema_rs
import orjson

from delivery_ops.contracts.envelope import EventDraft
from delivery_ops.contracts.strict_json import parse_json_strict, path_text
from delivery_ops.errors import Permanent, Rejected

SCHEMAS = Path(__file__).with_name("schemas")

_TYPE_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
_SHOWN = 3  # problems quoted in one refusal; the rest is counted


class UnusableContract(Permanent):
    """A schema file cannot serve as a contract."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Contract:
    """What one version of one event type promises."""

    event_type: str
    version: int
    subject: Literal["one", "many", "none"]
    client_required: bool
    system_only: bool
    stream: str | None
    aliases: tuple[str, ...]
    schema: dict[str, Any]
    validator: jsonschema_rs.Validator

    @classmethod
    def read(cls, path: Path) -> Contract:
        """The contract in ``<type>/<version>.json``.

        Raises:
            UnusableContract: it is no closed schema of an object, or marks a field personal.
        """
        subject = f"{path.parent.name}/{path.name}"
        try:
            schema = parse_json_strict(path.read_bytes())
        except Rejected as error:
            raise _unusable(subject, error.cause) from error
        if fault := _schema_fault(path, schema):
            raise _unusable(subject, fault)
        return cls(
            event_type=path.parent.name,
            version=int(path.stem),
            subject=schema["x-subject"],
            client_required=schema.get("x-client") == "required",
            system_only=schema.get("x-writer") == "system",
            stream=schema.get("x-stream"),
            aliases=tuple(schema.get("x-aliases", ())),
            schema=schema,
            validator=jsonschema_rs.validator_for(schema, mask="it"),
        )

    def problems(self, draft: EventDraft) -> list[str]:
        """Every way in which ``draft`` breaks this contract; empty where it keeps it."""
        broken = [self._sentence(error) for error in self.validator.iter_errors(draft.payload)]
        if self.subject == "one" and draft.deliverable_id is None:
            broken.append("deliverable_id is missing: the event is about one deliverable")
        if self.subject != "one" and draft.deliverable_id is not None:
            broken.append(
                f"deliverable_id is {draft.deliverable_id!r}; the event's subject is {self.subject}: leave it out"
            )
        if self.client_required and draft.client_id is None:
            broken.append("client_id is missing")
        if not broken and draft.stream != (expected := self._stream_of(draft)):
            broken.append(f"stream is {draft.stream!r}; allowed is {expected!r}")
        return broken

    def _stream_of(self, draft: EventDraft) -> str | None:
        return self.stream and self.stream.format_map(draft.payload)

    def _sentence(self, error: jsonschema_rs.ValidationError) -> str:
        kind = error.kind.as_dict()
        if error.kind.name == "required":
            return f"{path_text('payload', [*error.instance_path, kind['property']])} is missing"
        where = path_text("payload", list(error.instance_path))
        if error.kind.name == "additionalProperties":
            allowed = ", ".join(sorted(self._schema_at(error.schema_path[:-1]).get("properties", {})))
            return f"{where} has the unknown field {kind['unexpected'][0]!r}; allowed are: {allowed or 'none'}"
        found = orjson.dumps(error.instance).decode()
        return f"{where} is {found if len(found) <= 80 else found[:77] + '...'}: {error.message}"

    def _schema_at(self, path: Sequence[str | int]) -> dict[str, Any]:
        at: Any = self.schema
        for part in path:
            at = at[part]
        return dict(at)


class Registry:
    """Every contract of one folder, by type and version."""

    def __init__(self, contracts: Sequence[Contract]) -> None:
        self._contracts = {(contract.event_type, contract.version): contract for contract in contracts}
        self._types = {contract.event_type: contract.event_type for contract in contracts}
        for contract in contracts:
            for alias in contract.aliases:
                if self._types.setdefault(alias, contract.event_type) != contract.event_type:
                    raise _unusable(contract.event_type, f"its alias {alias} already names {self._types[alias]}")

    @classmethod
    def load(cls, folder: Path) -> Registry:
        """Read every ``<type>/<version>.json`` below ``folder``.

        Raises:
            UnusableContract: naming the file and why it cannot serve.
        """
        return cls([Contract.read(path) for path in sorted(folder.glob("*/*.json"))])

    def contract(self, event_type: str, version: int) -> Contract:
        """The contract of a type (or alias) and version.

        Raises:
            Rejected: code ``unknown_event_type`` or ``unknown_version``.
        """
        name = self._types.get(event_type)
        if name is None:
            near = difflib.get_close_matches(event_type, self._types, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise _rejected(event_type, f"no contract has the type {event_type!r}{hint}", code="unknown_event_type")
        found = self._contracts.get((name, version))
        if found is None:
            known = ", ".join(str(v) for t, v in self._contracts if t == name)
            raise _rejected(event_type, f"{name} has no version {version}; known: {known}", code="unknown_version")
        return found

    def validate(self, draft: EventDraft) -> EventDraft:
        """``draft`` under its type's own name, where it keeps the contract.

        Raises:
            Rejected: code ``unknown_event_type``, ``unknown_version`` or ``contract_violation``.
        """
        contract = self.contract(draft.event_type, draft.schema_version)
        if broken := contract.problems(draft):
            more = f"; and {len(broken) - _SHOWN} more" if len(broken) > _SHOWN else ""
            subject = f"{draft.event_type} {draft.source}/{draft.idempotency_key}"
            raise _rejected(subject, "; ".join(broken[:_SHOWN]) + more, code="contract_violation")
        return draft if draft.event_type == contract.event_type else replace(draft, event_type=contract.event_type)


@cache
def registry() -> Registry:
    """The contracts this package ships, loaded on first use."""
    return Registry.load(SCHEMAS)


def _schema_fault(path: Path, schema: Any) -> str | None:
    """Why a schema file cannot serve as a contract, or ``None``."""
    if not isinstance(schema, dict):
        return "it holds no JSON object"
    if not _TYPE_NAME.fullmatch(path.parent.name):
        return "its folder is no lower-case dotted event type"
    if path.stem != "1":
        # A ledger is replayed from its first event, so a version has to be compatible with every earlier one.
        # Nothing here can prove that yet, and unproven is refused.
        return f"version {path.stem} cannot be proven compatible with version 1: no checker is built in"
    if personal := _personal_field(schema, []):
        return f"it marks {personal} personal; events carry references, never personal data"
    try:
        jsonschema_rs.meta.validate(schema)
    except jsonschema_rs.ValidationError as error:
        return f"it is no JSON Schema: {error.message}"
    return _closed_fault(schema)


def _closed_fault(schema: dict[str, Any]) -> str | None:
    if schema.get("type") != "object" or schema.get("additionalProperties") is not False:
        return "it is not closed: it needs type object and additionalProperties false"
    required = schema.get("required", ())
    if schema.get("x-subject") not in ("one", "many", "none"):
        return "x-subject is missing; allowed are one, many, none"
    if schema["x-subject"] == "many" and "deliverable_ids" not in required:
        return "x-subject is many, so deliverable_ids must be required"
    named = [name for _, name, _, _ in string.Formatter().parse(schema.get("x-stream", "")) if name]
    if absent := [name for name in named if name not in required]:
        return f"x-stream names {absent[0]}, which is not required"
    if schema.get("x-writer", "system") != "system":
        return f"x-writer is {schema['x-writer']!r}; allowed is system"
    return None


def _personal_field(schema: object, place: list[str | int]) -> str | None:
    if isinstance(schema, dict):
        if schema.get("x-personal") is True:
            return path_text("", place)
        inner: Sequence[tuple[str | int, object]] = list(schema.items())
    else:
        inner = list(enumerate(schema)) if isinstance(schema, list) else []
    return next((found for key, value in inner if (found := _personal_field(value, [*place, key]))), None)


def _unusable(subject: str, cause: str) -> UnusableContract:
    return UnusableContract("loading the contracts", subject=subject, cause=cause, remedy="Correct the schema file.")


def _rejected(subject: str, cause: str, *, code: str) -> Rejected:
    return Rejected(
        "checking an event against its contract",
        subject=subject,
        cause=cause,
        remedy="Correct the event and send it again.",
        code=code,
    )
