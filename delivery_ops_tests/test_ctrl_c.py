"""At stake: a person presses Ctrl-C and nothing happens, or a traceback does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable

import dagster as dg
import pytest

from delivery_ops import ctrl_c
from delivery_ops_tests.conditions import until

DEAF = """
import os, signal, time
from delivery_ops import ctrl_c
ctrl_c._PATIENCE_SECONDS = 0.1
with ctrl_c.insisted_on():
    signal.signal(signal.SIGINT, lambda *_: print("heard", flush=True))
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(60)
"""


class Drops:
    """Meets a Ctrl-C in its destructor, where Python prints and forgets what is raised."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def __del__(self) -> None:
        raise self._error


def press() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def swallowed() -> None:
    try:
        press()
        until(lambda: False, within=10, what="Ctrl-C")
    except BaseException:  # noqa: BLE001, S110  as libraries do
        pass


def dropped() -> None:
    signal.signal(signal.SIGINT, lambda *_: [Drops(dg.DagsterExecutionInterruptedError()), None][1])
    press()
    signal.signal(signal.SIGINT, signal.default_int_handler)


def translated() -> None:
    raise dg.DagsterExecutionInterruptedError


@pytest.mark.parametrize("taken", [press, swallowed, dropped, translated])
def test_however_it_is_taken_it_ends_the_work(
    taken: Callable[[], None], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def work() -> None:
        with ctrl_c.insisted_on():
            taken()
            until(lambda: False, within=10, what="Ctrl-C")

    monkeypatch.setattr(ctrl_c, "_PATIENCE_SECONDS", 0.1)
    with pytest.raises(KeyboardInterrupt):
        work()
    assert capfd.readouterr().err == ""
    assert signal.set_wakeup_fd(-1) == -1


def test_work_that_hears_nothing_is_ended_with_its_process() -> None:
    done = subprocess.run([sys.executable, "-c", DEAF], capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stdout) == (130, "heard\n" * 3)
    assert done.stderr == "Interrupted. What was done stays; run it again to go on.\n"


def test_anything_else_in_a_destructor_is_told_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    told = []
    monkeypatch.setattr(sys, "unraisablehook", lambda dropped: told.append(dropped.exc_type))
    with ctrl_c.insisted_on():
        Drops(ZeroDivisionError())
    assert told == [ZeroDivisionError]


def test_another_error_stays_what_it_is() -> None:
    with pytest.raises(ZeroDivisionError), ctrl_c.insisted_on():
        raise ZeroDivisionError
