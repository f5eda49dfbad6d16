"""Every command in README and docs is run, as it stands there, on the demo's operation.

A fenced block ``sh`` holds commands, one a line, that exit 0 (``sh exit=1``: 1, where a finding is the point); so does
a command in a table, unless its row says "exits 1". A block ``csv NAME``, ``json NAME``, ``html NAME`` or ``yaml NAME``
is the file the page's commands speak of. ``sh make`` names targets of the Makefile; ``sh up`` is proved by the system
tests, for it does not end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
_BLOCK = re.compile(r"^```(?P<kind>\w+)(?: (?P<word>\S+))?\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`(delivery-ops [^`]+)`")


@dataclass(frozen=True, kw_only=True)
class Block:
    page: Path
    kind: str
    word: str
    text: str

    @property
    def lines(self) -> list[str]:
        return [line for line in self.text.splitlines() if line.strip()]


def blocks(page: Path) -> list[Block]:
    found = _BLOCK.finditer(page.read_text(encoding="utf-8"))
    return [Block(page=page, kind=m["kind"], word=m["word"] or "", text=m["text"]) for m in found]


def commands(page: Path) -> Iterator[tuple[str, int]]:
    """Every command of a page, with the exit code that it must have."""
    for block in blocks(page):
        if block.kind == "sh" and block.word not in {"make", "up"}:
            code = int(block.word.removeprefix("exit=") or 0)
            yield from ((line, code) for line in block.lines if line.startswith("delivery-ops"))
    for row in page.read_text(encoding="utf-8").splitlines():
        if row.startswith("|"):
            told = re.search(r"exits (\d)", row)
            code = int(told[1]) if told else 0
            yield from ((line, code) for line in _INLINE.findall(row) if line != "delivery-ops up")


def make_targets() -> set[str]:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z-]+):", text, re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_make_commands_name_targets(page: Path) -> None:
    for block in blocks(page):
        for line in block.lines if block.kind == "sh" else []:
            if line.startswith("make "):
                assert line.removeprefix("make ") in make_targets()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_block_is_one_we_know_how_to_prove(page: Path) -> None:
    for block in blocks(page):
        if block.kind == "sh":
            assert all(line.startswith(("delivery-ops ", "make ")) for line in block.lines), block.text
