"""At stake: a process left over holds a port and a database for ever; one ended by mistake is somebody else's work.

Real processes: each program below starts a helper of its own and tells its process id.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from delivery_ops import process_sessions
from delivery_ops.database.postmaster import has_ended
from delivery_ops.process_sessions import Session

HELPER = "import signal, time; {before}; print('ready', flush=True); time.sleep(600)"
PROGRAM = """
import subprocess, sys
helper = subprocess.Popen([sys.executable, "-c", {helper!r}], stdout=subprocess.PIPE)
helper.stdout.readline()
print(helper.pid, flush=True)
{then}
"""
DEAF = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"

Begin = Callable[..., tuple[subprocess.Popen[bytes], Session, psutil.Process]]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """Starts a program; returns it with its session and its helper, once that runs."""
    begun: list[tuple[subprocess.Popen[bytes], Session]] = []

    def begin(*, then: str = "helper.wait()", before: str = "pass") -> tuple:
        log = tmp_path / f"{len(begun)}" / "program.log"
        program = PROGRAM.format(helper=HELPER.format(before=before), then=then)
        child = process_sessions.begin(
            (sys.executable, "-c", program), log=log, folder=tmp_path, environment={"GREETING": "hello"}
        )
        session = Session.of(child)
        begun.append((child, session))
        while not (told := log.read_text(encoding="ascii").partition("\n"))[1]:
            assert child.poll() is None
        return child, session, psutil.Process(int(told[0]))

    yield begin
    process_sessions.end([session for _, session in begun])
    for child, _ in begun:
        child.wait()


def test_a_program_and_its_helper_are_one_session_that_ends_as_a_whole(begin: Begin) -> None:
    child, session, helper = begin()
    assert {process.pid for process in session.members()} == {child.pid, helper.pid}
    assert process_sessions.end([session])
    assert child.wait() == -signal.SIGTERM
    assert has_ended(helper)
    assert not process_sessions.end([session])


def test_a_helper_whose_parent_has_died_is_found(begin: Begin) -> None:
    child, session, helper = begin(then="")
    child.wait()
    assert [process.pid for process in session.members()] == [helper.pid]
    assert process_sessions.end([session])
    assert has_ended(helper)


def test_what_does_not_listen_is_killed(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_sessions, "_END_WITHIN_SECONDS", 0.2)
    child, session, helper = begin(before=DEAF)
    assert process_sessions.end([session])
    child.wait()
    assert has_ended(helper)


def test_a_session_is_known_again_by_what_was_noted_of_it(begin: Begin) -> None:
    _, session, _ = begin()
    assert Session.parse(str(session)) == session
    assert Session.parse("4711 some time") is Session.parse("") is None


def test_a_process_id_that_was_used_again_is_nobody_of_ours(begin: Begin) -> None:
    child, session, _ = begin()
    earlier = Session(leader=session.leader, created=session.created - 60)
    assert earlier.members() == []
    assert not process_sessions.end([earlier])
    assert child.poll() is None


def test_a_programs_output_is_appended_to_its_log_and_its_environment_added(tmp_path: Path) -> None:
    for _ in range(2):
        process_sessions.begin(
            (sys.executable, "-c", "import os; print(os.environ['GREETING'], os.getcwd())"),
            log=tmp_path / "logs" / "x.log",
            folder=tmp_path,
            environment={"GREETING": "hello"},
        ).wait()
    assert (tmp_path / "logs" / "x.log").read_text(encoding="utf-8") == f"hello {tmp_path}\n" * 2
