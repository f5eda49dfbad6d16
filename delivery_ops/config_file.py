"""Reading a YAML config file so that every complaint names file, line, key, what was found and what is allowed.

Belongs here: ``${VARIABLE}`` replacement, and turning a validation error into that sentence. Does not belong here: what
a config file means (``settings`` and the rooms' own files say that), how YAML is read (``config_yaml``), and the words
for what is wrong (``config_words``).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from delivery_ops import config_words
from delivery_ops.config_words import Key
from delivery_ops.config_yaml import NotYaml, parse
from delivery_ops.errors import BadUsage

Model = TypeVar("Model", bound=BaseModel)

_VARIABLE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")
_NO_TEXT = re.compile(r"[\x00\ud800-\udfff]")


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
            values, lines = parse(_text(path))
        except NotYaml as error:
            raise _unusable(path, f"it is no valid YAML{error}") from error
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
