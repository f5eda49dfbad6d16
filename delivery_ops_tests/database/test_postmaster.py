"""A lock file proves nothing by itself: only a postgres on this very folder counts as its server."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from delivery_ops.database import postmaster


def test_the_running_server_is_found_under_any_spelling_of_its_folder(shared_server: Any, tmp_path: Path) -> None:
    data = shared_server.running.data
    found = postmaster.find(data)
    assert found
    assert found.ready
    assert found.port == shared_server.running.port
    (tmp_path / "link").symlink_to(data)
    assert postmaster.find(tmp_path / "link") == found


def test_another_folders_server_does_not_count(shared_server: Any, tmp_path: Path) -> None:
    lock_file = (shared_server.running.data / "postmaster.pid").read_text(encoding="ascii")
    (tmp_path / "postmaster.pid").write_text(lock_file, encoding="ascii")
    assert postmaster.find(tmp_path) is None


@pytest.mark.parametrize(
    "lock_file", ["", "\n", "nonsense\n", "999999999\n/data\n", f"{os.getpid()}\n/data\n0\n5432\n\n\n\nready   \n"]
)
def test_a_lock_file_without_a_server_of_its_own_does_not_count(lock_file: str, tmp_path: Path) -> None:
    (tmp_path / "postmaster.pid").write_text(lock_file, encoding="ascii")
    assert postmaster.find(tmp_path) is None
