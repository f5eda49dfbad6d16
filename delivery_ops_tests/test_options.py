"""``--config`` must reach the children of a command, too; text that is no UTF-8 can be neither stored nor found."""

from __future__ import annotations

import os
from pathlib import Path
from unittest.mock import patch

import pytest
import typer

from delivery_ops import options, starter
from delivery_ops.settings import CONFIG_VARIABLE


def test_a_named_directory_is_in_force_for_children_wherever_they_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    starter.write(tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    with patch.dict(os.environ):
        assert options.load(Path("mine")).config_dir == tmp_path / "mine"
        assert os.environ[CONFIG_VARIABLE] == str(tmp_path / "mine")
        assert options.load(None).config_dir == tmp_path / "mine"


def test_text_is_handed_on_and_what_is_none_refused() -> None:
    assert options.readable("größe") == "größe"
    with pytest.raises(typer.BadParameter, match="no UTF-8"):
        options.readable("a\udcff")
