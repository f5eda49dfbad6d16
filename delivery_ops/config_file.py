"""Reading a YAML config file so that every complaint names file, line, key, what was found and what is allowed.

Belongs here: parsing with line numbers, ``${VARIABLE}`` replacement, and turning a validation error into that
sentence. Does not belong here: what a config file means; ``settings`` and the rooms' own files say that.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from delivery_ops.errors import BadUsage

Key = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)

_VARIABLE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")


class WrongKey(ValueError):
    """What a model's own validator found wrong under ``key``, which is relative to that model."""

    def __init__(self, key: Key, cause: str) -> None:
        super().__init__(cause)
        self.key = key


class _StrictLoader(yaml.SafeLoader):
    """YAML without silent surprises.

    A key given twice is an error, not "the last one wins"; a date stays text until its field's type reads it, so
    that a wrong one is reported with its key.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key is no plain text", key_node.start_mark)
            if key_node.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key_node.value!r} stands twice", key_node.start_mark
                )
            seen.add(key_node.value)
        return super().construct_mapping(node, deep)


_StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True, kw_only=True)
class ConfigFile:
    """One parsed file: its values, and the line (1-based) on which each key stands."""

    path: Path
    values: dict[str, Any]
    lines: dict[Key, int]

    @classmethod
    def read(cls, path: Path, *, variables: Mapping[str, str]) -> ConfigFile:
        """Parse ``path``, replacing ``${NAME}`` in its strings from ``variables``.

        Raises:
            BadUsage: the file is missing, unreadable, no YAML mapping, or names a variable that is not set.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise _unusable(path, f"it cannot be read ({error})") from error
        try:
            loader = _StrictLoader(text)
            node = loader.get_single_node()
            values = None if node is None else loader.construct_document(node)
            lines = _lines(node, ())
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            mark = getattr(error, "problem_mark", None)
            line = f", line {mark.line + 1}" if mark else ""
            raise _unusable(path, f"it is no valid YAML{line}: {getattr(error, 'problem', error)}") from error
        if not isinstance(values, dict):
            raise _unusable(path, f"it holds {type(values).__name__}, not keys with values")
        file = cls(path=path, values=values, lines=lines)
        return cls(path=path, values=file._replace(values, (), variables), lines=file.lines)

    def error(self, key: Key, cause: str, *, found: object = None) -> BadUsage:
        """The error for ``key``: ``cause`` says what is allowed, ``found`` is quoted where given."""
        seen = "" if found is None else f" (found {found!r})"
        return BadUsage(
            "reading the configuration",
            subject=f"{self.path}, line {self._line(key)}, key {_dotted(key) or '(top)'}",
            cause=f"{cause}{seen}",
            remedy="Correct it and run the command again.",
        )

    def validate(self, model: type[Model], values: Mapping[str, Any], *, not_keys: Collection[str] = ()) -> Model:
        """``values`` as ``model``, or ``BadUsage`` for the first thing that is wrong: a misspelt key before all.

        Args:
            not_keys: fields of ``model`` that are no keys of the file.
        """
        try:
            return model.model_validate(dict(values))
        except ValidationError as invalid:
            problems = invalid.errors(include_url=False)
            first = next((each for each in problems if each["type"] == "extra_forbidden"), problems[0])
            key, cause, found = first["loc"], first["msg"].removeprefix("Value error, "), first["input"]
            if first["type"] in {"missing", "value_error"} or isinstance(found, dict | list):
                found = None
            if first["type"] == "extra_forbidden":
                allowed = (name for name in _fields(model, key[:-1]) if name not in not_keys)
                cause, found = f"no such key; allowed are {', '.join(allowed)}", None
            if isinstance(wrong := first.get("ctx", {}).get("error"), WrongKey):
                key = (*key, *wrong.key)
            more = len(problems) - 1
            if more:
                cause += f"; {more} more problem{'s' if more > 1 else ''} in this file"
            raise self.error(key, cause, found=found) from invalid

    def _line(self, key: Key) -> int:
        for length in range(len(key), -1, -1):
            if key[:length] in self.lines:
                return self.lines[key[:length]]
        return 1

    def _replace(self, value: Any, key: Key, variables: Mapping[str, str]) -> Any:
        if isinstance(value, dict):
            return {name: self._replace(inner, (*key, name), variables) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._replace(inner, (*key, at), variables) for at, inner in enumerate(value)]
        if not isinstance(value, str):
            return value

        def replaced(match: re.Match[str]) -> str:
            name = match.group(1)
            if name not in variables:
                raise self.error(key, f"the environment variable {name} is not set", found=value)
            return variables[name]

        return _VARIABLE.sub(replaced, value)


def _lines(node: yaml.Node | None, key: Key, around: tuple[yaml.Node, ...] = ()) -> dict[Key, int]:
    """The line of each key below ``node``, which stands inside the nodes ``around``."""
    if node is None:
        return {}
    if node in around:
        raise yaml.constructor.ConstructorError(None, None, "an alias stands inside what it names", node.start_mark)
    found = {key: node.start_mark.line + 1}
    around = (*around, node)
    if isinstance(node, yaml.MappingNode):
        for name, inner in node.value:
            found |= _lines(inner, (*key, name.value), around)
            found[(*key, name.value)] = name.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for at, inner in enumerate(node.value):
            found |= _lines(inner, (*key, at), around)
    return found


def _fields(model: type[BaseModel], key: Key) -> Collection[str]:
    """The fields of the model that stands at ``key`` in ``model``."""
    here: Any = model
    for part in key:
        if isinstance(part, str) and isinstance(here, type) and issubclass(here, BaseModel):
            here = _inner_model(here.model_fields[part].annotation)
    return here.model_fields if isinstance(here, type) and issubclass(here, BaseModel) else ()


def _inner_model(annotation: Any) -> Any:
    """The pydantic model inside ``tuple[X, ...]``, ``X | None`` or ``X``."""
    arguments = [a for a in getattr(annotation, "__args__", ()) if isinstance(a, type) and issubclass(a, BaseModel)]
    return arguments[0] if arguments else annotation


def _dotted(key: Key) -> str:
    return ".".join(str(part) for part in key)


def _unusable(path: Path, cause: str) -> BadUsage:
    return BadUsage(
        "reading the configuration",
        subject=str(path),
        cause=cause,
        remedy="`delivery-ops init DIR` writes a commented example to start from.",
    )
