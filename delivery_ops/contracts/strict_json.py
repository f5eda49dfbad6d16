"""JSON without silent readings: what two parsers could understand differently is refused, with the place.

Belongs here: bytes → value, and the law of which values an event may hold. Does not belong here: what a value
means. The standard parser keeps the last of two equal keys, takes NaN and UTF-16, and lets lone surrogates
through; orjson turns a 23-digit integer into a float. Each of those would make the stored digest a matter of
opinion, and U+0000 cannot be stored in PostgreSQL at all.
"""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from delivery_ops.errors import Rejected

MAX_BYTES = 1 << 20
MAX_DEPTH = 64
MIN_INTEGER, MAX_INTEGER = -(1 << 63), (1 << 63) - 1

Place = list[str | int]


def parse_json_strict(data: bytes) -> Any:
    """The value that the UTF-8 JSON text ``data`` holds.

    Raises:
        Rejected: code ``malformed_json``; the cause names line and column, or the path of the value.
    """
    if len(data) > MAX_BYTES:
        _refuse(f"it is larger than {MAX_BYTES} bytes")
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_float,
            parse_constant=_constant,
        )
    except UnicodeDecodeError as error:
        _refuse(f"it is not UTF-8 ({error.reason} at byte {error.start})")
    except json.JSONDecodeError as error:
        _refuse(f"{error.msg} at line {error.lineno}, column {error.colno}")
    except RecursionError:
        _refuse(f"it is nested deeper than {MAX_DEPTH}")
    if fault := fault_of(value):
        _refuse(fault)
    return value


def fault_of(value: object, name: str = "") -> str | None:
    """Why ``value`` is no JSON an event may hold, with its path below ``name``; ``None`` where it may."""
    place: Place = []
    cause = _fault(value, place, 0)
    return cause and f"{path_text(name, list(reversed(place)))} {cause}"


def path_text(name: str, place: Place) -> str:
    """``name.key[0].key``; "the value" for the bare root."""
    text = name
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "the value"


def _fault(value: object, place: Place, depth: int) -> str | None:
    """The cause of the first fault in ``value``; its path is left in ``place``, innermost part first."""
    if depth > MAX_DEPTH:
        return f"is nested deeper than {MAX_DEPTH}"
    if isinstance(value, str):
        return text_fault(value)
    if value is None or isinstance(value, bool):
        return None
    if type(value) is int:
        return None if MIN_INTEGER <= value <= MAX_INTEGER else "is an integer beyond 64 bits"
    if type(value) is float:
        return None if math.isfinite(value) else f"is {value}, which JSON does not have"
    if type(value) is dict:
        return _object_fault(value, place, depth)
    if type(value) is list:
        for at, inner in enumerate(value):
            if cause := _fault(inner, place, depth + 1):
                place.append(at)
                return cause
        return None
    return f"is a Python {type(value).__name__}, not a JSON value"


def _object_fault(value: dict[object, object], place: Place, depth: int) -> str | None:
    for key, inner in value.items():
        if type(key) is not str:
            return f"has the key {key!r}, which is no text"
        if cause := text_fault(key):
            return f"has a key that {cause}"
        if cause := _fault(inner, place, depth + 1):
            place.append(key)
            return cause
    return None


def text_fault(text: str) -> str | None:
    """Why PostgreSQL or UTF-8 cannot hold ``text``."""
    if "\0" in text:
        return "holds the character U+0000, which cannot be stored"
    if text.isascii():
        return None
    try:
        text.encode()
    except UnicodeEncodeError:
        return "holds a lone surrogate, which is no character"
    return None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        _refuse(f"the key {twice!r} stands twice in one object")
    return found


def _integer(digits: str) -> int:
    # 20 characters hold every 64-bit integer with its sign; int() of 5,000 digits raises.
    if len(digits) > len(str(MIN_INTEGER)) or not MIN_INTEGER <= int(digits) <= MAX_INTEGER:
        _refuse(f"the integer {digits[:24]}… is beyond 64 bits")
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        _refuse(f"the number {digits[:24]} is out of range")
    return number


def _constant(name: str) -> NoReturn:
    _refuse(f"{name} is no JSON")


def _refuse(cause: str) -> NoReturn:
    raise Rejected(
        "reading JSON",
        subject="the text",
        cause=cause,
        remedy="Send UTF-8 JSON (RFC 8259) with unique keys and finite numbers.",
        code="malformed_json",
    )
