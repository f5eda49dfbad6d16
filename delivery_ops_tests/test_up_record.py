"""At stake: two of ``up`` at once, or one that was killed taken for one that runs. What ``up`` and ``down`` make of it
is in ``test_processes``; here is the record alone, with a real process in the place of a program."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from delivery_ops import process_sessions, up_record
from delivery_ops.process_sessions import Session
from delivery_ops.settings import Settings

LONG = (sys.executable, "-c", "import time; time.sleep(600)")
ADDRESS = "http://127.0.0.1:3000"


@pytest.fixture
def record(settings: Settings) -> Path:
    """Where the record goes, in a state folder that is there already."""
    settings.state_dir.mkdir(parents=True)
    return up_record.file(settings)


@pytest.fixture
def program(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], Session]]:
    """A program that leads a session, as ``up`` starts them."""
    child = process_sessions.begin(LONG, log=tmp_path / "log", folder=tmp_path, environment={})
    session = Session.of(child)
    yield child, session
    process_sessions.end([session])
    child.wait()


def test_it_lies_in_the_state_folder(settings: Settings) -> None:
    assert up_record.file(settings) == settings.state_dir / "up.pid"


def test_one_alone_has_the_lock_until_its_file_is_closed(record: Path) -> None:
    with record.open("a+", encoding="ascii") as first, record.open("a+", encoding="ascii") as second:
        assert up_record.locked(first)
        assert not up_record.locked(second)
        first.close()
        assert up_record.locked(second)


@pytest.mark.parametrize(
    ("written", "owner"),
    [
        pytest.param("", None, id="nothing yet"),
        pytest.param("41", None, id="the first digits of a number that is being written"),
        pytest.param("4123\n", 4123, id="only itself"),
        pytest.param(f"4123\n4124 1.5\n{ADDRESS}\n", 4123, id="and more"),
        pytest.param("x\n4124 1.5\n", None, id="a line that is no number"),
        pytest.param("\x00\x7f\n", None, id="a damaged line"),
        pytest.param("0\n", None, id="a number that would be our own group"),
        pytest.param("-4123\n", None, id="a number that would be a group"),
        pytest.param("99999999999\n", None, id="a number that no process has"),
    ],
)
def test_the_owner_is_told_once_its_line_is_whole(record: Path, written: str, owner: int | None) -> None:
    record.write_text(written, encoding="ascii")
    with record.open("a+", encoding="ascii") as opened:  # as `down` opens it: at the end
        assert up_record.owner(opened) == owner


def test_what_a_killed_one_noted_is_told_once_and_is_no_process_of_its_own(record: Path) -> None:
    sessions = [Session(leader=4124, created=1.5), Session(leader=4125, created=1795540835.25)]
    lines = ["4123", *map(str, sessions), ADDRESS]
    record.write_text("".join(f"{line}\n" for line in lines), encoding="ascii")
    with record.open("a+", encoding="ascii") as opened:
        assert up_record.forgotten(opened) == sessions
        assert up_record.forgotten(opened) == []
        assert up_record.owner(opened) is None
    assert record.read_text(encoding="ascii") == ""


def test_where_it_answers_is_told_while_a_program_of_it_lives(
    settings: Settings, record: Path, program: tuple[subprocess.Popen[bytes], Session]
) -> None:
    child, session = program
    told = []
    for address in ("", f"{ADDRESS}\n"):
        record.write_text(f"{os.getpid()}\n{session}\n{address}", encoding="ascii")
        told.append(up_record.address(settings))
    assert told == ["", ADDRESS]
    process_sessions.end([session])
    child.wait()
    assert up_record.address(settings) is None


def test_a_process_that_got_the_number_of_an_old_one_is_not_taken_for_it(
    settings: Settings, record: Path, program: tuple[subprocess.Popen[bytes], Session]
) -> None:
    _, session = program
    older = Session(leader=session.leader, created=session.created - 60)
    record.write_text(f"{os.getpid()}\n{older}\n{ADDRESS}\n", encoding="ascii")
    assert up_record.address(settings) is None


@pytest.mark.parametrize("written", [None, b"", b"4123\n", b"4123\nno session\n", b"\xff\xfe"])
def test_nothing_runs_where_the_record_names_nothing(settings: Settings, record: Path, written: bytes | None) -> None:
    if written is not None:
        record.write_bytes(written)
    assert up_record.address(settings) is None
