"""At stake: a person presses Ctrl-C at once, while Python still imports, and gets a traceback of modules.

The program is the installed one. It is interrupted at the import of a named module, whatever the machine's speed.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from delivery_ops import starter
from delivery_ops_tests.commanding import PROGRAM, ended, start

PRESSES = """
import os, signal, sys

class Presses:
    def find_spec(self, name, path=None, target=None):
        if name == os.environ["PRESSED_AT"]:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Presses())
"""
NOTHING_DONE = "Interrupted before anything was done.\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    starter.write(tmp_path / "mine")
    (tmp_path / "sitecustomize.py").write_text(PRESSES, encoding="ascii")  # Python imports it when it starts
    return tmp_path / "mine"


@pytest.mark.parametrize(
    ("module", "sentence"),
    [
        ("delivery_ops.cli", NOTHING_DONE),
        ("typer", NOTHING_DONE),
        ("pydantic_core", NOTHING_DONE),
        ("delivery_ops.commands.rejected", NOTHING_DONE),
        ("delivery_ops.status", "Interrupted. What was done stays; run it again to go on.\n"),
    ],
)
def test_an_early_ctrl_c_is_a_sentence(config: Path, module: str, sentence: str) -> None:
    environment = {"PYTHONPATH": str(config.parent), "PRESSED_AT": module}
    said = ended(start("status", "--config", config, environment=environment))
    assert (said.code, said.out, said.err) == (130, "", sentence)


def test_a_background_job_that_ignores_it_goes_on(config: Path) -> None:
    done = subprocess.run(
        [PROGRAM, "status", "--config", config],
        env={"PYTHONPATH": str(config.parent), "PRESSED_AT": "delivery_ops.status"},
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_package_is_the_program_too() -> None:
    done = subprocess.run([sys.executable, "-m", "delivery_ops", "--help"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Usage: delivery-ops" in done.stdout
