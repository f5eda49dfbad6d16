"""A config error must name file, line, key, what was found and what is allowed; nobody may see a traceback."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, model_validator

from delivery_ops.config_file import ConfigFile
from delivery_ops.config_values import Count
from delivery_ops.config_words import WrongKey
from delivery_ops.errors import BadUsage


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    days: Count

    @model_validator(mode="after")
    def _is_lucky(self) -> Inner:
        if self.days == 13:
            raise WrongKey(("days",), "13 is unlucky")
        return self


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    items: tuple[Inner, ...] = ()


LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in pairwise("abcdefghi")
)
MERGED_LAUGHS = "a: &a {x: 1}\n" + "".join(
    f"{name}: &{name} {{<<: [{', '.join([f'*{before}'] * 9)}]}}\n" for before, name in pairwise("abcdefghi")
)


def read(tmp_path: Path, text: str, **variables: str) -> ConfigFile:
    path = tmp_path / "some.yaml"
    path.write_text(text, encoding="utf-8")
    return ConfigFile.read(path, variables=variables)


def complaint(tmp_path: Path, text: str, **variables: str) -> str:
    with pytest.raises(BadUsage) as caught:
        file = read(tmp_path, text, **variables)
        file.validate(Outer, file.values)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "name: a\nitems:\n  - days: 0\n",
            ["line 3", "items.0.days", "at least 1", "found 0"],
            id="out of range",
        ),
        pytest.param("name: a\nitms: []\n", ["line 2", "key itms", "no such key", "name, items"], id="misspelt key"),
        pytest.param(
            "name: a\nitems:\n  - days: 1\n    hours: 2\n",
            ["line 4", "items.0.hours", "allowed are days"],
            id="misspelt inner key",
        ),
        pytest.param("nam: a\n", ["line 1", "key nam", "no such key", "1 more problem"], id="misspelt, so missing"),
        pytest.param("items: []\n", ["line 1", "key name", "it must be given"], id="missing key"),
        pytest.param("name: a\nname: b\n", ["line 2", "'name' stands twice"], id="a key given twice"),
        pytest.param("name: [\n", ["no valid YAML, line 2"], id="no YAML"),
        pytest.param("- a\n", ["keys with values (found a list)"], id="a list on top"),
        pytest.param("", ["keys with values (found nothing)"], id="an empty file"),
        pytest.param("name: a\n5: b\n", ["line 2", "the key 5 is no text"], id="a key that is a number"),
        pytest.param("name: a\n? [b]\n: c\n", ["line 2", "the key is no text"], id="a key that is a list"),
        pytest.param("name: a\n\titems: b\n", ["line 2"], id="a tab"),
        pytest.param("name: a\n# \0\n", ["line 2", "a character in it that YAML"], id="a character of no file"),
        pytest.param('name: a\nitems: ["\\0"]\n', ["line 2", "key items.0", "no text can have"], id="an escaped one"),
        pytest.param('name: "\\ud800"\n', ["line 1", "key name", "no text can have"], id="half a character"),
        pytest.param("name: a\nitems:\n  - days: " + "9" * 5000, ["line 3", "cannot be read as int"], id="long digits"),
        pytest.param("name: a\nitems:\n  - days: " + "9" * 30, ["line 3", "more than 64 bits"], id="many bits"),
        pytest.param("name: a\nitems:\n  - days: 1:30\n", ["line 3", "items.0.days", "found '1:30'"], id="base 60"),
        pytest.param("name: a\nitems:\n  - days: 0x1f\n", ["line 3", "items.0.days", "found '0x1f'"], id="base 16"),
        pytest.param(
            "name: a\nitems:\n  - days: 1:30.5\n", ["line 3", "found '1:30.5'"], id="base 60, with a fraction"
        ),
        pytest.param("name: a\nitems: !!set {b}\n", ["line 2", "the tag !!set has no"], id="a tag of another kind"),
        pytest.param("name: " + "[" * 3000 + "]" * 3000, ["nested too deeply"], id="depth that Python cannot read"),
        pytest.param("name: " + "[" * 60 + "]" * 60, ["line 1", "inside more than 50"], id="depth"),
        pytest.param(LAUGHS, ["line 1", "more than 100,000 values"], id="aliases of aliases"),
        pytest.param(MERGED_LAUGHS, ["more than 100,000 values"], id="merged aliases of aliases"),
        pytest.param("name: ${MISSING}\n", ["line 1", "variable MISSING is not set"], id="an unset variable"),
        pytest.param("name: &a [*a]\n", ["no valid YAML, line 1"], id="a list that holds itself"),
        pytest.param(
            "name: b\nitems: &a\n  - {deep: *a}\n", ["no valid YAML, line 2"], id="a mapping that holds itself"
        ),
        pytest.param(
            "name: a\nitems:\n  - days: 13\n", ["line 3", "key items.0.days", "13 is unlucky"], id="own check"
        ),
        pytest.param("name: !!python/object:os.system x\n", ["no valid YAML, line 1"], id="a foreign tag"),
    ],
)
def test_a_config_error_names_line_key_and_what_is_allowed(tmp_path: Path, text: str, expected: list[str]) -> None:
    message = complaint(tmp_path, text)
    assert "some.yaml" in message
    for part in expected:
        assert part in message


def test_several_problems_are_counted_and_the_first_is_told(tmp_path: Path) -> None:
    assert "1 more problem in this file" in complaint(tmp_path, "items:\n  - days: 0\n")


def test_variables_are_replaced_in_nested_strings_only(tmp_path: Path) -> None:
    file = read(tmp_path, "a: ${ROOT}/x\nb:\n  - {c: 'p-${ROOT}'}\nd: 3\ne: $ROOT ${lower}\n", ROOT="/data")
    assert file.values == {"a": "/data/x", "b": [{"c": "p-/data"}], "d": 3, "e": "$ROOT ${lower}"}


@pytest.mark.parametrize(
    ("data", "line"), [(b"name: a\n# \xe9\n", 2), ("name: a\n".encode("utf-16"), 1)], ids=["Latin-1", "UTF-16"]
)
def test_another_encoding_than_utf_8_is_told_with_its_line(tmp_path: Path, data: bytes, line: int) -> None:
    (tmp_path / "some.yaml").write_bytes(data)
    with pytest.raises(BadUsage, match=f"no text in UTF-8, line {line}"):
        ConfigFile.read(tmp_path / "some.yaml", variables={})


def test_keys_that_are_merged_in_have_their_lines(tmp_path: Path) -> None:
    text = "name: a\nitems:\n  - &one\n    days: 0\n  - {<<: *one}\n  - {<<: *one, days: 3}\n"
    assert "line 4, key items.0.days" in complaint(tmp_path, text)
    assert read(tmp_path, text).values["items"] == [{"days": 0}, {"days": 0}, {"days": 3}]


def test_a_number_with_a_nought_before_it_is_decimal_and_as_a_name_keeps_it(tmp_path: Path) -> None:
    file = read(tmp_path, "name: 010\nitems: [{days: 010}]\n")
    assert file.validate(Outer, file.values) == Outer(name="010", items=(Inner(days=10),))


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(BadUsage, match=r"cannot be read.*delivery-ops init"):
        ConfigFile.read(tmp_path / "none.yaml", variables={})


@given(data=st.binary(max_size=300))
def test_arbitrary_bytes_end_in_a_typed_error_or_in_values(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "arbitrary.yaml"
    path.write_bytes(data)
    try:
        file = ConfigFile.read(path, variables={})
    except BadUsage:
        return
    assert isinstance(file.values, dict)
