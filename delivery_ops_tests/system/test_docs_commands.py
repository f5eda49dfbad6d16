"""Every command of README and docs, in a shell, in the order of its page, on a demo operation of its own.

At stake: a newcomer who types what is written there. Each page gets an empty folder with the files that its blocks
show, so that a page never leans on what another one left behind.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from delivery_ops.settings import DEFAULT_CONFIG
from delivery_ops_tests.test_docs import PAGES, blocks, commands

pytestmark = pytest.mark.system

LAST = "delivery-ops down --force"  # ends the server the other pages need; run when they are through


def shell(command: str, folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """A demo operation that has run once, as the commands' default, with the environment active."""
    home = tmp_path_factory.mktemp("docs")
    shutil.copytree(DEFAULT_CONFIG, home / "config")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "DELIVERY_OPS_CONFIG": str(home / "config")}
    demo = shell("delivery-ops demo", home, environment)
    assert demo.returncode == 0, demo.stderr
    yield environment
    ended = shell(LAST, home, environment)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_commands_of_a_page_do_what_it_says(page: Path, tmp_path: Path, environment: Mapping[str, str]) -> None:
    for block in blocks(page):
        if block.kind in {"csv", "json", "html", "yaml"} and block.word:
            (tmp_path / block.word).parent.mkdir(exist_ok=True)
            (tmp_path / block.word).write_text(block.text, encoding="utf-8")
    try:
        for command, code in commands(page):
            if command == LAST or command == "delivery-ops down":
                continue
            done = shell(command, tmp_path, environment)
            assert done.returncode == code, f"{command}\n{done.stdout}\n{done.stderr}"
            assert not re.search(r"Traceback|A defect in", done.stdout + done.stderr), command
    finally:
        for config in tmp_path.glob("*/delivery_ops.yaml"):
            shell(f"delivery-ops down --force --config {config.parent}", tmp_path, environment)
