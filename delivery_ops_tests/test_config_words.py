"""At stake: a complaint about a key that stands in nobody's file, or in words of a library nobody here has heard of."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from delivery_ops.config_words import Key, WrongKey, cause, kind, place


class Columns(BaseModel):
    columns: dict[str, str | tuple[str, ...]]
    least: tuple[int, ...] = ()


@pytest.mark.parametrize(
    ("values", "key", "said"),
    [
        ({}, ("columns",), "it must be given"),
        ({"columns": []}, ("columns",), "keys with values are wanted (found an empty list)"),
        ({"columns": {"a": 5}}, ("columns", "a"), "text is wanted (a number, yes or no is text in quotes) (found 5)"),
        ({"columns": {"a": [None]}}, ("columns", "a"), "text is wanted"),
        ({"columns": {"a": [None]}}, ("columns", "a", 0), "(found nothing)"),
        ({"columns": {5: "a"}}, ("columns", 5), "text is wanted"),
    ],
)
def test_a_complaint_stands_at_a_key_of_the_file(values: dict[str, Any], key: Key, said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Columns.model_validate(values)
    assert any(said in cause([each]) for each in refused.value.errors() if place(each, values) == key)


def test_what_may_be_this_or_that_is_one_complaint() -> None:
    with pytest.raises(ValidationError) as refused:
        Columns.model_validate({"columns": {"a": 5}})
    problems = refused.value.errors()
    assert len(problems) == 2
    assert cause(problems) == "text is wanted (a number, yes or no is text in quotes), or a list is wanted (found 5)"


def test_a_models_own_check_names_a_key_inside_it() -> None:
    wrong = WrongKey(("days", 0), "13 is unlucky")
    problem: Any = {"type": "value_error", "loc": ("items",), "input": {}, "msg": "", "ctx": {"error": wrong}}
    assert place(problem, {"items": {"days": [13]}}) == ("items", "days", 0)
    assert cause([problem]) == "13 is unlucky"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "nothing"),
        (False, "false"),
        (7, "7"),
        ("7", "'7'"),
        ([], "an empty list"),
        ([1], "a list"),
        ({"a": 1}, "keys with values"),
        ("a" * 99, "'" + "a" * 75 + "…"),
    ],
)
def test_what_stands_there_is_told_as_the_file_spells_it(value: object, said: str) -> None:
    assert kind(value) == said
