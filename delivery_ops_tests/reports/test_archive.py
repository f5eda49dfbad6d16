"""Pages on disk: whole or not there at all, and not more of them than somebody will look at."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from delivery_ops.reports import archive


def test_who_holds_the_page_before_keeps_it_whole(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    archive.put(page, "before")
    with page.open(encoding="utf-8") as reader:
        archive.put(page, "after")
        assert reader.read() == "before"
    assert page.read_text(encoding="utf-8") == "after"
    assert list(tmp_path.iterdir()) == [page]


def test_a_page_that_cannot_be_written_leaves_the_one_before(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    archive.put(page, "before")
    with pytest.raises(UnicodeEncodeError):
        archive.put(page, "half\ud800")
    assert page.read_text(encoding="utf-8") == "before"


def test_the_hundred_pages_written_last_are_kept_whatever_their_names(tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    names = [f"{number:03d}.html" for number in range(archive.KEPT)]
    for age, name in enumerate(names):
        archive.keep(folder, name, "old")
        os.utime(folder / name, (1_000 - age, 1_000 - age))
    archive.keep(folder, "000-a-run-for-a-past-date.html", "new")
    left = {page.name for page in folder.iterdir()}
    assert left == {*names[:-1], "000-a-run-for-a-past-date.html"}
