"""The manifest is parsed when it must be, and only then."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from delivery_ops.warehouse import manifest
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
