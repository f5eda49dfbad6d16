"""Reading a YAML config file so that every complaint names file, line, key, what was found and what is allowed.

Belongs here: parsing with line numbers, ``${VARIABLE}`` replacement, and turning a validation error into that
sentence. Does not belong here: what a config file means (``settings`` and the rooms' own files say that), and the words
for what is wrong (``config_words``).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from delivery_ops import config_words
from delivery_ops.config_words import Key
from delivery_ops.errors import BadUsage

Model = TypeVar("Model", bound=BaseModel)

_VARIABLE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")
_NO_TEXT = re.compile(r"[\x00\ud800-\udfff]")
_MOST_VALUES, _DEEPEST = 100_000, 50
_TAG = "tag:yaml.org,2002:"
_TAGS = {_TAG + name for name in ("null", "bool", "int", "float", "str", "seq", "map")}


class _StrictLoader(yaml.SafeLoader):
    """YAML without silent surprises.

    A key given twice is an error, not "the last one wins"; a key is text; a date stays text until its field's type
    reads it, so that a wrong one is reported with its key; there are no tags of other kinds of value.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag not in {f"{_TAG}str", f"{_TAG}merge"}:
                shown = f" {key_node.value}" if isinstance(key_node, yaml.ScalarNode) else ""
                raise _wrong(key_node, f"the key{shown} is no text; put it in quotes")
            if key_node.value in seen:
                raise _wrong(key_node, f"the key {key_node.value!r} stands twice")
            seen.add(key_node.value)
        return super().construct_mapping(node, deep)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        shown = f"{str(node.value)[:40]!r}"
        try:
            value = super().construct_object(node, deep)
        except ValueError as error:
            raise _wrong(node, f"{shown} cannot be read as {node.tag.removeprefix(_TAG)}") from error
        if isinstance(value, int) and value.bit_length() > 63:
            raise _wrong(node, f"the number {shown} has more than 64 bits")
        return value

    def refuse_tag(self, node: yaml.Node) -> None:
        raise _wrong(node, f"the tag {node.tag.replace(_TAG, '!!')} has no meaning here; text goes in quotes")


_StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != f"{_TAG}timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_StrictLoader.yaml_constructors = {
    **{tag: yaml.SafeLoader.yaml_constructors[tag] for tag in _TAGS},
    None: _StrictLoader.refuse_tag,
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
        text = _text(path)
        try:
            loader = _StrictLoader(text)
            node = loader.get_single_node()
            _refuse_too_much(node)
            values = None if node is None else loader.construct_document(node)
            lines = _lines(node, ())
        except yaml.YAMLError as error:
            raise _unusable(path, f"it is no valid YAML{_fault(error, text)}") from error
        except RecursionError as error:
            raise _unusable(path, "it is no valid YAML: it is nested too deeply") from error
        if not isinstance(values, dict):
            raise _unusable(path, f"it must hold keys with values (found {config_words.kind(values)})")
        file = cls(path=path, values=values, lines=lines)
        return cls(path=path, values=file._replace(values, (), variables), lines=file.lines)

    def error(self, key: Key, cause: str, *, found: object = None) -> BadUsage:
        """The error for ``key``: ``cause`` says what is allowed, ``found`` is quoted where given."""
        seen = "" if found is None else f" (found {config_words.kind(found)})"
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
            raise self._told(model, values, not_keys, invalid) from invalid

    def _told(
        self, model: type[BaseModel], values: Mapping[str, Any], not_keys: Collection[str], invalid: ValidationError
    ) -> BadUsage:
        problems: dict[Key, list[ErrorDetails]] = {}
        for each in invalid.errors(include_url=False):
            problems.setdefault(config_words.place(each, values), []).append(each)
        unknown = (key for key, of in problems.items() if of[0]["type"] == "extra_forbidden")
        first = next(unknown, next(iter(problems)))
        # Where the member of a union that came furthest was stopped.
        key = max((each for each in problems if each[: len(first)] == first), key=len)
        if problems[key][0]["type"] == "extra_forbidden":
            allowed = (name for name in _fields(model, key[:-1]) if name not in not_keys)
            cause = f"no such key; allowed are {', '.join(allowed)}"
        else:
            cause = config_words.cause(problems[key])
        if more := sum(key[: len(each)] != each for each in problems):
            cause += f"; {more} more problem{'s' if more > 1 else ''} in this file"
        return self.error(key, cause)

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

        if _NO_TEXT.search(value):
            raise self.error(key, "there is a character in it that no text can have", found=value)

        def replaced(match: re.Match[str]) -> str:
            name = match.group(1)
            if name not in variables:
                raise self.error(key, f"the environment variable {name} is not set", found=value)
            return variables[name]

        return _VARIABLE.sub(replaced, value)


def _text(path: Path) -> str:
    try:
        return (data := path.read_bytes()).decode("utf-8")
    except OSError as error:
        raise _unusable(path, f"it cannot be read ({error})") from error
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _unusable(path, f"it is no text in UTF-8, line {line}") from error


def _refuse_too_much(node: yaml.Node | None) -> None:
    """An alias counts as all that it names, so that one inside what it names counts without end."""
    waiting, count = [(node, 0)], 0
    while waiting:
        at, depth = waiting.pop()
        count += 1
        if at is not None and (count > _MOST_VALUES or depth > _DEEPEST):
            raise _wrong(at, f"there are more than {_MOST_VALUES:,} values, or one inside more than {_DEEPEST} others")
        if isinstance(at, yaml.MappingNode):
            waiting += [(inner, depth + 1) for pair in at.value for inner in pair]
        elif isinstance(at, yaml.SequenceNode):
            waiting += [(inner, depth + 1) for inner in at.value]


def _lines(node: yaml.Node | None, key: Key) -> dict[Key, int]:
    """The line of each key below ``node``."""
    if node is None:
        return {}
    found = {key: node.start_mark.line + 1}
    if isinstance(node, yaml.MappingNode):
        for name, inner in node.value:
            found |= _lines(inner, (*key, name.value))
            found[(*key, name.value)] = name.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for at, inner in enumerate(node.value):
            found |= _lines(inner, (*key, at))
    return found


def _wrong(node: yaml.Node, cause: str) -> yaml.YAMLError:
    return yaml.constructor.ConstructorError(None, None, cause, node.start_mark)


def _fault(error: yaml.YAMLError, text: str) -> str:
    """Where ``error`` is, and what."""
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return f", line {line}: there is a character in it that YAML does not allow"
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f", line {error.problem_mark.line + 1}: {error.problem}"
    return f": {error}"


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
