"""The manifest is parsed when it must be, and only then."""

from __future__ import annotations

import os
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from delivery_ops.warehouse import manifest
from delivery_ops.warehouse.dbt import invoke
from delivery_ops.warehouse.manifest import ensure_manifest


def test_a_manifest_is_parsed_once_and_again_after_a_source_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manifest, "MANIFEST", tmp_path / "target" / "manifest.json")
    first = ensure_manifest()
    written = first.stat().st_mtime_ns
    assert ensure_manifest().stat().st_mtime_ns == written
    before_every_source = timedelta(days=365 * 30).total_seconds()
    os.utime(first, (before_every_source, before_every_source))
    assert ensure_manifest().stat().st_mtime_ns > written
    assert [path.name for path in first.parent.iterdir()] == ["manifest.json"]


def test_a_source_that_changes_during_a_parse_is_parsed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = tmp_path / "project"
    shutil.copytree(manifest.PROJECT, sources, ignore=shutil.ignore_patterns("target"))
    monkeypatch.setattr(manifest, "PROJECT", sources)
    monkeypatch.setattr(manifest, "MANIFEST", tmp_path / "target" / "manifest.json")
    parses = []

    def parsed_while_somebody_edits(arguments: list[str]) -> None:
        parses.append(arguments)
        if len(parses) == 1:
            (sources / "dbt_project.yml").touch()
        invoke(arguments)

    monkeypatch.setattr(manifest, "invoke", parsed_while_somebody_edits)
    for _ in range(3):
        ensure_manifest()
    assert len(parses) == 2
