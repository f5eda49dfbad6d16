"""The example of ``init`` must load as it stands, and load still when every commented line is taken in."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from delivery_ops import settings as settings_module
from delivery_ops import starter
from delivery_ops.errors import BadUsage


def test_the_example_loads_as_it_stands(tmp_path: Path) -> None:
    starter.write(tmp_path / "new")
    settings = settings_module.load(tmp_path / "new")
    assert settings.state_dir == tmp_path.resolve() / "new" / "state"
    assert (settings.sources, settings.sites, settings.search_console) == ((), (), None)


def test_the_example_loads_with_every_commented_setting_taken_in(tmp_path: Path) -> None:
    file = starter.write(tmp_path)
    text = file.read_text(encoding="utf-8")
    # A commented setting is a line that reads as YAML once its "# " is gone: a key with a value, or a list item.
    setting = re.compile(r"^(\s*)# (\s*(- )?(\{|[a-z_]+:).*)$", re.MULTILINE)
    prose = re.compile(r"^#   (deliverables|touches|deals|revenue|costs): .*$", re.MULTILINE)
    file.write_text(setting.sub(r"\1\2", prose.sub("", text)), encoding="utf-8")
    settings = settings_module.load(tmp_path)
    assert [source.kind for source in settings.sources] == ["touches", "deals", "revenue"]
    assert [site.url for site in settings.sites] == ["https://www.acme.example/"]
    assert settings.search_console is not None
    assert settings.registration.rules[0].id_prefix == "ACME-"


def test_an_existing_config_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "delivery_ops.yaml").write_text("mine", encoding="utf-8")
    with pytest.raises(BadUsage, match="is there already"):
        starter.write(tmp_path)
    assert (tmp_path / "delivery_ops.yaml").read_text(encoding="utf-8") == "mine"


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(BadUsage, match="file/below"):
        starter.write(tmp_path / "file" / "below")
