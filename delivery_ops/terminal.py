"""How commands talk to people: text on standard output, progress and complaints on standard error.

Belongs here: the consoles, progress bars, one JSON document for ``--json``, and the end of a command that failed.
Does not belong here: what is said; ``cli`` and the rooms say that.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from delivery_ops import progress
from delivery_ops.errors import BadUsage, DeliveryOpsError
from delivery_ops.reports import words

DONE, FAILED_CHECK, BAD_USAGE = 0, 1, 2
INTERRUPTED = 130  # a shell's way to tell Ctrl-C: 128 + SIGINT

out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)


def print_json(document: Any) -> None:
    """Print one JSON document; instants and paths as text, and what is no Unicode as ``?``."""
    text = json.dumps(document, default=str, ensure_ascii=False, indent=2)
    sys.stdout.write(text.encode("utf-8", "replace").decode() + "\n")


def say(text: str) -> None:
    """Print one line that may hold anybody's text: it can neither break the line nor steer the terminal."""
    out.print(_line(text), markup=False)


def flush() -> None:
    """Hand out what was printed. Whoever reads it may have seen enough and gone (``| head``)."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # else Python complains once more at its end


class _Bars:
    """A bar per stage; a stage that tells no pieces spins until it ends."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def started(self, stage: str) -> progress.Tell:
        task = self._tasks[stage] = self._bars.add_task(stage, total=None)
        return lambda done, total: self._bars.update(task, completed=done, total=total)

    def ended(self, stage: str) -> None:
        task = self._tasks.pop(stage)
        shown = next(each for each in self._bars.tasks if each.id == task)
        self._bars.update(task, total=shown.total or 1, completed=shown.total or 1)
        self._bars.stop_task(task)


class _Lines:
    """A line per stage, where there is no terminal to draw bars on (a log file, CI)."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}

    def started(self, stage: str) -> progress.Tell:
        self._since[stage] = time.monotonic()
        return lambda _done, _total: None

    def ended(self, stage: str) -> None:
        err.print(f"  {_line(stage)} ({time.monotonic() - self._since.pop(stage):.1f} s)", markup=False)


@contextmanager
def progress_shown() -> Iterator[None]:
    """Show the stages of long work on standard error until the context ends."""
    if not err.is_terminal:
        with progress.heard_by(_Lines()):
            yield
        return
    columns = (
        SpinnerColumn(finished_text="✓"),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
    )
    with (
        Progress(*columns, MofNCompleteColumn(), TimeElapsedColumn(), console=err) as bars,
        progress.heard_by(_Bars(bars)),
    ):
        yield


def interrupted() -> int:
    """Tell a person that Ctrl-C was heard. Returns the exit code."""
    err.show_cursor()
    err.print("Interrupted. What was done stays; run it again to go on.")
    return INTERRUPTED


def complain(error: DeliveryOpsError, *, as_json: bool) -> int:
    """Tell a person in three lines, or with ``--json`` a program, what went wrong. Returns the exit code."""
    if as_json:
        print_json(error.as_record())
    err.print(f"[bold red]{error.doing}[/]: {_plain(_line(error.subject))}", markup=True)
    err.print(f"  {_line(error.cause)}", markup=False)
    err.print(f"  {_line(error.remedy)}", markup=False)
    return BAD_USAGE if isinstance(error, BadUsage) else FAILED_CHECK


def complain_of_defect(error: Exception, log_dir: Path, *, as_json: bool) -> int:
    """A defect of ours: the traceback goes to a file, a person gets one sentence and the file's name."""
    try:
        log_dir.mkdir(parents=True, exist_ok=True)
        # Named without the time: the operation's clock may be frozen, or the very thing that is broken.
        with NamedTemporaryFile(
            "w", prefix="defect-", suffix=".log", dir=log_dir, delete=False, encoding="utf-8", errors="replace"
        ) as log:
            log.write("".join(traceback.format_exception(error)))
        remedy = f"The details are in {log.name}; please report them."
    except OSError:
        remedy = "Please report it with what you did."
    cause = _line(f"{type(error).__name__}: {error}")[:300]
    if as_json:
        print_json({"error": "Defect", "cause": cause, "remedy": remedy})
    err.print(f"[bold red]A defect in delivery_ops[/]: {_plain(cause)}")
    err.print(f"  {remedy}", markup=False)
    return FAILED_CHECK


def _line(text: str) -> str:
    """``text`` on one line (a database's complaint has several), its control characters shown as escapes."""
    return words.printable(re.sub(r"\s*\n\s*", " ", text.rstrip()))


def _plain(text: str) -> str:
    """``text`` with rich's markup characters escaped."""
    return text.replace("[", r"\[")
