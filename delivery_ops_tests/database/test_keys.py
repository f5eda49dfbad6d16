"""Passwords on disk: all or none, for the owner's eyes only, and never silently replaced."""

from __future__ import annotations

from pathlib import Path

import pytest

from delivery_ops.database import keys
from delivery_ops.errors import Permanent


def test_what_was_made_is_read_again_and_closed_to_others(tmp_path: Path) -> None:
    file = tmp_path / "keys" / "some.json"
    assert keys.read(file, ["a", "b"]) is None
    made = keys.make(file, ["a", "b"])
    assert keys.read(file, ["a", "b"]) == made
    assert len({*made.values(), *keys.make(file, ["a", "b"]).values()}) == 4
    assert min(map(len, made.values())) >= 32
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("content", ["", "[]", "null", '{"a": "only"}'], ids=["empty", "list", "null", "one missing"])
def test_a_spoilt_file_is_said_plainly(content: str, tmp_path: Path) -> None:
    file = tmp_path / "some.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(Permanent, match="it cannot be used"):
        keys.read(file, ["a", "b"])
