"""At stake: two parsers reading one text differently, so that what was signed, hashed and stored are three things."""

from __future__ import annotations

import json
import math
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_ops.contracts.strict_json import MAX_BYTES, MAX_DEPTH, fault_of, parse_json_strict
from delivery_ops.errors import Rejected

STORABLE_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)))
JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | STORABLE_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(STORABLE_TEXT, inner, max_size=4),
    max_leaves=12,
)

REFUSED = {
    "a key twice": (b'{"a": 1, "a": 1}', "the key 'a' stands twice"),
    "a key twice through an escape": (b'{"a": 1, "\\u0061": 2}', "the key 'a' stands twice"),
    "a key twice further in": (b'[{"x": {"b": 1, "b": 2}}]', "the key 'b' stands twice"),
    "NaN": (b"[NaN]", "NaN is no JSON"),
    "Infinity": (b"[-Infinity]", "-Infinity is no JSON"),
    "a number that overflows": (b"[1e400]", "the number 1e400 is out of range"),
    "an integer of 65 bits": (b"[9223372036854775808]", "is beyond 64 bits"),
    "an integer of 5,000 digits": (b"9" * 5000, "is beyond 64 bits"),
    "a lone surrogate": (b'{"a": ["\\ud800"]}', "a[0] holds a lone surrogate"),
    "a lone surrogate in a key": (b'{"\\udfff": 1}', "has a key that holds a lone surrogate"),
    "U+0000": (b'{"a": {"b": "x\\u0000"}}', "a.b holds the character U+0000"),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), "it is not UTF-8"),
    "half a character": (b'["\xc3"]', "it is not UTF-8 (invalid continuation byte at byte 2)"),
    "an overlong slash": (b'["\xc0\xaf"]', "it is not UTF-8"),
    "a byte order mark": (b"\xef\xbb\xbf{}", "BOM"),
    "nothing": (b"", "line 1, column 1"),
    "two values": (b"{} {}", "Extra data at line 1, column 4"),
    "a trailing comma": (b'{"a": 1,}', "line 1, column"),
    "a comment": (b"{} // done", "Extra data"),
    "single quotes": (b"{'a': 1}", "line 1, column 2"),
    "a raw newline in a text": (b'["a\nb"]', "control character"),
    "a leading zero": (b"[01]", "line 1"),
    "a plus sign": (b"[+1]", "line 1"),
    "a bare dot": (b"[1.]", "line 1"),
    "depth 65": (b"[" * (MAX_DEPTH + 1) + b"1" + b"]" * (MAX_DEPTH + 1), f"nested deeper than {MAX_DEPTH}"),
    "a hundred thousand brackets": (b"[" * 100_000, f"nested deeper than {MAX_DEPTH}"),
    "too many bytes": (b" " * MAX_BYTES + b"1", f"larger than {MAX_BYTES} bytes"),
}


@pytest.mark.parametrize(("text", "cause"), REFUSED.values(), ids=REFUSED)
def test_what_could_be_read_in_two_ways_is_refused_with_the_place(text: bytes, cause: str) -> None:
    with pytest.raises(Rejected) as refused:
        parse_json_strict(text)
    assert refused.value.code == "malformed_json"
    assert cause in refused.value.cause


ACCEPTED = {
    "the largest integers": (b"[9223372036854775807, -9223372036854775808]", [2**63 - 1, -(2**63)]),
    "depth 64": (b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, None),
    "exactly the size cap": (b" " * (MAX_BYTES - 1) + b"1", 1),
    "a surrogate pair": (b'["\\ud83d\\ude00"]', ["\N{GRINNING FACE}"]),
    "the text backslash-u-0000": (b'["\\\\u0000"]', ["\\u0000"]),
    "equal keys in different objects": (b'[{"a": 1}, {"a": 2}]', [{"a": 1}, {"a": 2}]),
    "text that is not normalised": (b'["e\xcc\x81"]', ["e\u0301"]),
}


@pytest.mark.parametrize(("text", "value"), ACCEPTED.values(), ids=ACCEPTED)
def test_what_only_looks_odd_is_read(text: bytes, value: Any) -> None:
    read = parse_json_strict(text)
    assert value is None or read == value


@given(JSON_VALUES)
def test_every_json_value_is_read_as_it_was_written(value: Any) -> None:
    for written in (json.dumps(value).encode(), orjson.dumps(value)):
        read = parse_json_strict(written)
        assert read == value
        assert orjson.dumps(read) == orjson.dumps(value)  # == alone takes 1, 1.0 and True for equal


@given(st.binary(max_size=60) | st.text(alphabet='{}[]",:\\u0019eE+-.nultrfasNI ', max_size=40).map(str.encode))
def test_whatever_is_accepted_two_other_parsers_read_the_same(text: bytes) -> None:
    try:
        read = parse_json_strict(text)
    except Rejected:
        return
    assert read == json.loads(text) == orjson.loads(text)


NOT_JSON = {
    "NaN": ({"a": math.nan}, "payload.a is nan, which JSON does not have"),
    "infinity in a list": ({"a": [0, math.inf]}, "payload.a[1] is inf, which JSON does not have"),
    "a tuple": ({"a": (1,)}, "payload.a is a Python tuple, not a JSON value"),
    "bytes": ({"a": b"x"}, "payload.a is a Python bytes, not a JSON value"),
    "a key that is a number": ({"a": {1: 2}}, "payload.a has the key 1, which is no text"),
    "an integer of 65 bits": ({"a": 2**64}, "payload.a is an integer beyond 64 bits"),
}


@pytest.mark.parametrize(("value", "fault"), NOT_JSON.values(), ids=NOT_JSON)
def test_a_python_value_that_json_would_change_is_a_fault_with_its_path(value: Any, fault: str) -> None:
    assert fault_of(value, "payload") == fault
