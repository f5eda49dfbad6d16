"""JSON as strict as the grammar (RFC 8259), every fault with its line and column in words an author understands.

Belongs here: text → value, where each object stood, and which keys stood twice. Does not belong here: what the value
means (``linked_data``). Lenient readers repair a page in front of one audience and not of another: what a search
engine refuses must be refused here, and the author needs the place. The standard library's parser names no place for
a duplicate key, takes NaN, and ends in RecursionError on deep input.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, NoReturn

from delivery_ops.gates.evidence.records import quoted

MAX_CHARACTERS = 1 << 20
MAX_DEPTH = 100

_SPACE = re.compile(r"[ \t\n\r]*+")
# No possessive quantifier after a group: Python before 3.11.5 does not give back what its last, failed round has read.
_STRING = re.compile(r'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*"')
_STRING_PREFIX = re.compile(r'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?")
_WORD = re.compile(r"[-+]?[A-Za-z_$][A-Za-z0-9_$]*|[-+]?[0-9.]+")
_WORDS = {"true": True, "false": False, "null": None}
_LONGEST_INTEGER = 300  # digits; longer ones are read as floats: int() refuses 4,300, and no float holds 309


class JsonObject(dict[str, Any]):
    """An object of the text; ``at`` is the offset of its opening brace."""

    __slots__ = ("at",)

    def __init__(self, at: int) -> None:
        super().__init__()
        self.at = at


class JsonFault(ValueError):
    """The text is no JSON, or is too large to be read. ``at`` is the offset of the fault."""

    def __init__(self, message: str, at: int, *, is_limit: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.at = at
        self.is_limit = is_limit


@dataclass(frozen=True, kw_only=True, slots=True)
class JsonText:
    """A text read: its value, and (key, offset) of every key that stood in its object before."""

    value: Any
    duplicate_keys: tuple[tuple[str, int], ...]


def read_json(text: str) -> JsonText:
    """The value of ``text``. Of equal keys the last one counts, as everywhere else.

    Raises:
        JsonFault: at the first fault.
    """
    if len(text) > MAX_CHARACTERS:
        raise JsonFault(f"it is longer than {MAX_CHARACTERS} characters", 0, is_limit=True)
    reader = _Reader(text)
    value = reader.value(0)
    reader.end()
    return JsonText(value=value, duplicate_keys=tuple(reader.duplicates))


def line_and_column(text: str, at: int) -> tuple[int, int]:
    """The place of offset ``at``, both counted from 1; a column is a character."""
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


@dataclass(slots=True)
class _Reader:
    text: str
    at: int = 0
    duplicates: list[tuple[str, int]] = field(default_factory=list)

    def value(self, depth: int) -> Any:
        self._skip_space()
        if depth > MAX_DEPTH:
            raise JsonFault(f"it nests deeper than {MAX_DEPTH}", self.at, is_limit=True)
        first = self.text[self.at : self.at + 1]
        if first == "{":
            return self._object(depth)
        if first == "[":
            return self._array(depth)
        if first == '"':
            return self._string()
        if number := _NUMBER.match(self.text, self.at):
            return self._number(number)
        return self._word()

    def end(self) -> None:
        self._skip_space()
        if self.text[self.at : self.at + 1] == ";":
            self._fault("a semicolon after the end; JSON is no script")
        if self.at < len(self.text):
            self._fault_here("after the end")

    def _object(self, depth: int) -> JsonObject:
        found = JsonObject(self.at)
        self.at += 1
        if self._next_is("}"):
            return found
        while True:
            key_at = self._skip_space()
            if self.text[self.at : self.at + 1] != '"':
                self._fault_here("where a key in double quotes must stand")
            key = self._string()
            if key in found:
                self.duplicates.append((key, key_at))
            if not self._next_is(":"):
                self._fault_here(f"where the colon after {quoted(key, 40)} must stand")
            found[key] = self.value(depth + 1)
            if self._closed_by("}"):
                return found

    def _array(self, depth: int) -> list[Any]:
        self.at += 1
        found: list[Any] = []
        if self._next_is("]"):
            return found
        while True:
            found.append(self.value(depth + 1))
            if self._closed_by("]"):
                return found

    def _closed_by(self, closer: str) -> bool:
        """Whether ``closer`` follows; else the comma before one more member."""
        if self._next_is(closer):
            return True
        comma_at = self.at
        if not self._next_is(","):
            self._fault_here(f"where a comma or {closer} must stand")
        self._skip_space()
        if self.text[self.at : self.at + 1] in {"}", "]"}:
            self.at = comma_at
            self._fault("a comma after the last member")
        return False

    def _string(self) -> str:
        match = _STRING.match(self.text, self.at)
        if match is None:
            self._fault_in_string()
        self.at = match.end()
        raw = match.group()
        return str(json.loads(raw)) if "\\" in raw else raw[1:-1]

    def _number(self, match: re.Match[str]) -> int | float:
        self.at = match.end()
        raw = match.group()
        if self.text[self.at : self.at + 1].isalnum():  # 01, 0x10, 1e
            self.at = match.start()
            self._fault_here("where a value must stand")
        is_integer = raw.lstrip("-").isdigit() and len(raw) <= _LONGEST_INTEGER
        return int(raw) if is_integer else float(raw)

    def _word(self) -> bool | None:
        match = _WORD.match(self.text, self.at)
        if match is None or match.group() not in _WORDS:
            self._fault_here("where a value must stand")
        self.at = match.end()
        return _WORDS[match.group()]

    def _skip_space(self) -> int:
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.at

    def _next_is(self, char: str) -> bool:
        self._skip_space()
        if self.text[self.at : self.at + 1] != char:
            return False
        self.at += 1
        return True

    def _fault_in_string(self) -> NoReturn:
        prefix = _STRING_PREFIX.match(self.text, self.at)
        self.at = prefix.end() if prefix else self.at
        char = self.text[self.at : self.at + 1]
        if not char:
            self._fault("the text ends inside a string")
        if char in "\r\n":
            self._fault("a raw line end inside a string; write \\n")
        if char == "\\":
            self._fault(f"{quoted(self.text[self.at : self.at + 2])} inside a string is no escape of JSON")
        self._fault(f"the control character {char!r} inside a string, which must be escaped")

    def _fault_here(self, where: str) -> NoReturn:
        """Name what stands at the reader's place, where something else was due."""
        rest = self.text[self.at : self.at + 40]
        word = _WORD.match(rest)
        if not rest:
            self._fault(f"the text ends {where}")
        if rest.startswith(("//", "/*", "#", "<!--")):
            self._fault("a comment, which JSON does not have")
        if rest.startswith(("<![CDATA[", "]]>")):
            self._fault("a CDATA wrapper, which is XML and no JSON")
        if rest[0] in "'\u2018\u2019\u201c\u201d`":
            self._fault("a quote that is not the straight double quote JSON wants")
        if rest[0] == "\ufeff":
            self._fault("a byte order mark")
        if word:
            self._fault(f"{quoted(word.group())} {where}")
        self._fault(f"{quoted(rest[0])} {where}")

    def _fault(self, message: str) -> NoReturn:
        raise JsonFault(message, self.at)
