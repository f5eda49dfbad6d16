"""Commands as their users give them: arguments in, exit code and what was printed out.

Belongs here: giving a command in this process, which costs no start, or in one of its own. What a command changes of
this process (the environment) is undone.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from delivery_ops import cli, clock

PROGRAM = str(Path(sys.executable).parent / "delivery-ops")


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """How a command ended, and what it printed on standard output and standard error."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output as the one JSON document that it must be."""
        return json.loads(self.out)


def give(*arguments: str | Path, environment: Mapping[str, str] | None = None) -> Said:
    """``delivery-ops ARGUMENTS`` in this process, through the function that its entry point calls."""
    out, err = io.StringIO(), io.StringIO()
    command = ["delivery-ops", *map(str, arguments)]
    with (
        patch.object(sys, "argv", command),
        patch.dict(os.environ, environment or {}),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            code = cli.answer()
        finally:
            clock.read_from(None)
    return Said(code=code, out=out.getvalue(), err=err.getvalue())


def complaint(said: Said) -> list[str]:
    """The three lines of a complaint; anything else on standard error fails the test."""
    lines = said.err.splitlines()
    assert len(lines) == 3, said.err
    assert all(line.startswith("  ") for line in lines[1:])
    return lines


def start(*arguments: str | Path, environment: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """``delivery-ops ARGUMENTS`` in a process of its own."""
    return subprocess.Popen(
        [PROGRAM, *map(str, arguments)],
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str], *, within: float = 300) -> Said:
    """What came of a started command."""
    try:
        out, err = process.communicate(timeout=within)
    finally:
        process.kill()
    return Said(code=process.returncode, out=out, err=err)
