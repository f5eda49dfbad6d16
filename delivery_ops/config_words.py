"""What a validation found wrong in a config file, in words that need no Python.

Belongs here: the wording, and where in the file the thing stands. Does not belong here: the line and the sentence
around it (``config_file``). Pydantic places an error by its own parts too (the member of a union, ``[key]``); those
are no keys of anybody's file, and the several complaints about one value that may be this or that are one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import ErrorDetails

Key = tuple[str | int, ...]

_WANTED = {
    "missing": "it must be given",
    "string_type": "text is wanted (a number, yes or no is text in quotes)",
    "string_too_short": "it must not be empty",
    "int_type": "a whole number is wanted",
    "greater_than_equal": "a whole number of at least {ge} is wanted",
    "less_than_equal": "a whole number of at most {le} is wanted",
    "date_type": "a day of the calendar is wanted, such as 2026-03-02",
    "path_type": "a path is wanted",
    "tuple_type": "a list is wanted",
    "dict_type": "keys with values are wanted",
    "model_type": "keys with values are wanted",
    "too_short": "at least one is wanted",
    "literal_error": "{expected} is wanted",
}


class WrongKey(ValueError):
    """What a model's own validator found wrong under ``key``, which is relative to that model."""

    def __init__(self, key: Key, cause: str) -> None:
        super().__init__(cause)
        self.key = key


def place(problem: ErrorDetails, values: Mapping[str, Any]) -> Key:
    """The key in ``values`` that ``problem`` is about; of a key that is missing, where it should stand."""
    key: Key = ()
    here: Any = values
    for part in problem["loc"]:
        if part in (here if isinstance(here, Mapping) else range(len(here)) if isinstance(here, list) else ()):
            here, key = here[part], (*key, part)
        elif problem["type"] == "missing":
            key = (*key, part)
    wrong = problem.get("ctx", {}).get("error")
    return (*key, *wrong.key) if isinstance(wrong, WrongKey) else key


def cause(problems: Sequence[ErrorDetails]) -> str:
    """Why one value was refused; each of ``problems`` names something that it could be."""
    return ", or ".join(dict.fromkeys(map(_wanted, problems))) + _found(problems[0])


def kind(value: object) -> str:
    """What stands in the file, in a word or two."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    if isinstance(value, dict):
        return "keys with values"
    shown = repr(value)
    return shown if len(shown) <= 80 else f"{shown[:76]}…"


def _wanted(problem: ErrorDetails) -> str:
    if problem["type"] == "value_error":
        return str(problem["ctx"]["error"])
    return _WANTED.get(problem["type"], problem["msg"]).format(**problem.get("ctx", {}))


def _found(problem: ErrorDetails) -> str:
    """A validator of ours and a missing key say it themselves."""
    return "" if problem["type"] in {"missing", "value_error"} else f" (found {kind(problem['input'])})"
