"""Which things on a page lack what Google requires of their type.

Belongs here: applying the table of ``google_rules`` to a graph of things. Does not belong here: the table itself. A
value counts as given when it says anything: a text that is not blank, a number, a thing, a reference. Where a
reference leads off the page its target cannot be seen, and nothing is demanded of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from delivery_ops.gates import vocabulary
from delivery_ops.gates.evidence.linked_data import Graph, Thing
from delivery_ops.gates.evidence.records import quoted
from delivery_ops.gates.google_rules import ITEM_PROPERTIES, RULES, PartRule, Requirement, TypeRule

_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Lack:
    """``thing`` has no value, or (``is_invalid``) no usable value, for what is required."""

    thing: Thing
    message: str
    is_invalid: bool = False


def lacks(graph: Graph, things: Sequence[Thing]) -> Iterator[Lack]:
    """Everything that is required of ``things`` and not there."""
    seen: set[str] = set()
    for thing in things:
        if thing.under is not None and thing.under not in ITEM_PROPERTIES:
            continue
        for rule in RULES:
            if not _applies(rule, thing):
                continue
            if thing.identifier:
                # One thing described in several places is one thing.
                if f"{rule.type} {thing.identifier}" in seen:
                    continue
                seen.add(f"{rule.type} {thing.identifier}")
            yield from _lacks_of(graph, thing, rule, is_last=False)


def _applies(rule: TypeRule, thing: Thing) -> bool:
    names = [thing.context.name_of(declared) for declared in thing.declared_types if isinstance(declared, str)]
    kinds = [name for name in names if name is not None and vocabulary.is_kind_of(name, rule.type)]
    return any(not any(vocabulary.is_kind_of(kind, other) for other in rule.except_for) for kind in kinds)


def _lacks_of(graph: Graph, thing: Thing, rule: TypeRule, *, is_last: bool) -> Iterator[Lack]:
    title = _title(graph, thing, rule.type)
    for requirement in rule.requires:
        if requirement.but_last and is_last:
            continue
        given = [value for path in requirement.any_of for value in graph.values(thing, path) if _says_something(value)]
        if not given:
            yield Lack(thing=thing, message=f"{title} needs {_either(requirement)}")
        elif requirement.is_number and not any(_is_number(value) for value in given):
            found = "a thing" if isinstance(given[0], Thing) else quoted(str(given[0]), 40)
            message = f"{title} needs a number as {_either(requirement)}, found {found}"
            yield Lack(thing=thing, message=message, is_invalid=True)
    for part in rule.parts:
        yield from _lacks_of_part(graph, thing, part, title)


def _lacks_of_part(graph: Graph, thing: Thing, part: PartRule, title: str) -> Iterator[Lack]:
    values = graph.values(thing, part.property)
    inner = list({id(value): value for value in values if isinstance(value, Thing)}.values())
    if len(inner) < part.at_least:
        message = f"{title} needs at least {part.at_least} things under {part.property}, found {len(inner)}"
        yield Lack(thing=thing, message=message)
        return
    last = max(range(len(inner)), key=lambda at: (_position(graph, inner[at]), at), default=0)
    for at, one in enumerate(inner):
        rule = next((rule for rule in part.rules if _applies(rule, one)), None)
        if rule:
            yield from _lacks_of(graph, one, rule, is_last=at == last)


def _position(graph: Graph, thing: Thing) -> float:
    return max((float(value) for value in graph.values(thing, "position") if _is_number(value)), default=0.0)


def _title(graph: Graph, thing: Thing, kind: str) -> str:
    names = (value for value in graph.values(thing, "name") if isinstance(value, str) and value.strip())
    name = next(names, None)
    return f"{kind} {quoted(name, 40)}" if name else kind


def _either(requirement: Requirement) -> str:
    return " or ".join(requirement.any_of)


def _says_something(value: Any) -> bool:
    return bool(value.strip()) if isinstance(value, str) else value not in ({}, [])


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        return _NUMBER.fullmatch(value.strip()) is not None
    return isinstance(value, int | float) and not isinstance(value, bool)
