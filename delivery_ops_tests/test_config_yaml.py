"""At stake: a config file that means something else than it says. What is refused, and in which words, is in
``test_config_file``; here is what is read, and as what."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_ops.config_yaml import NotYaml, parse


@pytest.mark.parametrize(
    ("written", "value"),
    [
        *[(text, int(text)) for text in ("0", "7", "-12", "+3")],
        *[(text, float(text)) for text in ("1.5", "-0.25", "007.5")],
        # YAML 1.1 reads these in base 8, 60, 16 and 2, without a word; whoever writes them means an id or a time.
        *[(text, text) for text in ("010", "-017", "1:30", "190:20:30", "1:30.5", "0x1F", "0b11", "1_000", "1_0.5")],
        *[(text, text) for text in ("08", "1e3", "1.0e+3", ".inf", ".5", "2026-03-02")],
        ("yes", True),
        ("~", None),
    ],
)
def test_a_number_is_decimal_and_whatever_looks_like_one_is_the_text_it_is(written: str, value: Any) -> None:
    values, lines = parse(f"\na: {written}\n")
    assert (values, lines[("a",)]) == ({"a": value}, 2)
    assert type(values["a"]) is type(value)


@given(text=st.text(alphabet="0123456789:_-+.xbeE", min_size=1))
def test_a_number_that_is_read_is_the_one_that_people_read(text: str) -> None:
    try:
        values, _ = parse(f"[{text}]")
    except NotYaml:
        return
    if values and isinstance(values[0], int | float):
        assert values[0] == float(text)
