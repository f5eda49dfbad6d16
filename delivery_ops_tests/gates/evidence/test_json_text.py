"""At stake: a block that a search engine cannot read must not pass here, and the author must be told the place."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_ops.gates.evidence.json_text import JsonFault, line_and_column, read_json

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        ('{"a": 1,}', 1, 8, "comma after the last"),
        ('{"a": 1\n  , }', 2, 3, "comma after the last"),
        ("[1, 2, ]", 1, 6, "comma after the last"),
        ('{"a": 1, // why\n"b": 2}', 1, 10, "comment"),
        ('{\n /* why */ "a": 1}', 2, 2, "comment"),
        ('# why\n{"a": 1}', 1, 1, "comment"),
        ('<!-- {"a": 1} -->', 1, 1, "comment"),
        ('{"a": "line 1\nline 2"}', 1, 14, "raw line end"),
        ('{"a": "tab\there"}', 1, 11, "control character"),
        ('{"a": "\\x"}', 1, 8, "no escape"),
        ('{"a": "\\u12"}', 1, 8, "no escape"),
        ('{"a": "b', 1, 9, "ends inside a string"),
        ('{"a": NaN}', 1, 7, "'NaN'"),
        ('{"a": -Infinity}', 1, 7, "'-Infinity'"),
        ('{"a": undefined}', 1, 7, "'undefined'"),
        ('{"a": True}', 1, 7, "'True'"),
        ('{"a": 01}', 1, 7, "where a value must stand"),
        ('{"a": .5}', 1, 7, "where a value must stand"),
        ('{"a": +1}', 1, 7, "where a value must stand"),
        ('{"a": 1.}', 1, 8, "where a comma or }"),
        ("{'a': 1}", 1, 2, "straight double quote"),
        ("{\u201ca\u201d: 1}", 1, 2, "straight double quote"),
        ("{a: 1}", 1, 2, "where a key"),
        ('{"a" 1}', 1, 6, "where the colon"),
        ('{"a": 1 "b": 2}', 1, 9, "where a comma or }"),
        ('{"a": 1};', 1, 9, "semicolon"),
        ('{"a": 1} {"b": 2}', 1, 10, "after the end"),
        ('{"a": 1}}', 1, 9, "after the end"),
        ('<![CDATA[{"a": 1}]]>', 1, 1, "CDATA"),
        ('\ufeff{"a": 1}', 1, 1, "byte order mark"),
        ('{"a":\u00a01}', 1, 6, "'\\xa0'"),
        ('{"a": 1', 1, 8, "the text ends"),
        ("{", 1, 2, "the text ends"),
        ("", 1, 1, "the text ends"),
        (" \n ", 2, 2, "the text ends"),
    ],
    ids=ascii,
)
def test_a_fault_has_its_place_and_its_name(text: str, line: int, column: int, says: str) -> None:
    with pytest.raises(JsonFault) as fault:
        read_json(text)
    assert (*line_and_column(text, fault.value.at), fault.value.is_limit) == (line, column, False)
    assert says in fault.value.message


@pytest.mark.parametrize("text", ["[" * 200 + "]" * 200, '{"a":' * 100_000, '"' + "x" * (1 << 20) + '"'])
def test_a_text_without_measure_is_refused_as_such(text: str) -> None:
    with pytest.raises(JsonFault) as fault:
        read_json(text)
    assert fault.value.is_limit


def test_a_key_that_stands_twice_is_found_with_its_place_however_it_is_written() -> None:
    read = read_json('{"a": 1, "b": {"a": 2},\n "\\u0061": 3}')
    assert read.value == {"a": 3, "b": {"a": 2}}
    assert [
        (key, line_and_column('{"a": 1, "b": {"a": 2},\n "\\u0061": 3}', at)) for key, at in read.duplicate_keys
    ] == [("a", (2, 2))]


def test_an_object_knows_where_it_stood() -> None:
    read = read_json(' {"a": [{}]}')
    assert (read.value.at, read.value["a"][0].at) == (1, 8)


def test_a_number_of_a_million_digits_is_a_number() -> None:
    assert read_json("9" * 5_000).value == float("inf")


@given(JSON, st.sampled_from([None, 1]))
def test_what_the_standard_library_writes_is_read_back(value: object, indent: int | None) -> None:
    assert read_json(json.dumps(value, indent=indent)).value == value
    assert read_json(json.dumps(value, ensure_ascii=False)).value == value


def _standard(text: str) -> object:
    def constant(name: str) -> object:
        raise ValueError(name)

    return json.loads(text, parse_constant=constant)


@given(st.text(alphabet='{}[],:"\\/*0123456789.eE+-truefalsn u\n\t\u00a0', max_size=30))
def test_the_standard_library_accepts_and_refuses_the_same_texts(text: str) -> None:
    try:
        expected = _standard(text)
    except ValueError:
        with pytest.raises(JsonFault):
            read_json(text)
    else:
        assert read_json(text).value == expected


@given(JSON, st.integers(0, 10_000), st.sampled_from([*'{}[],:"\\/*0 \n\t', ""]))
def test_one_changed_character_is_judged_as_the_standard_library_does(value: object, at: int, char: str) -> None:
    text = json.dumps(value, ensure_ascii=False)
    at %= len(text) + 1
    text = text[:at] + char + text[at + 1 :]
    try:
        expected = _standard(text)
    except ValueError:
        with pytest.raises(JsonFault):
            read_json(text)
    else:
        assert read_json(text).value == expected
