"""At stake: one ``up`` per operation, and an end of it that leaves nothing running.

Real processes in place of Dagster's, which start faster; ``system/test_up.py`` does it with Dagster's own.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path

import psutil
import pytest

from delivery_ops import process_sessions, processes, up_record
from delivery_ops.database.postmaster import has_ended
from delivery_ops.errors import BadUsage, Permanent
from delivery_ops.process_sessions import Session
from delivery_ops.processes import Program, Running
from delivery_ops.settings import Settings

LONG = (sys.executable, "-c", "import time; time.sleep(600)")
WEB = (sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "{port}")


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Callable[..., None]:
    """Puts these command lines in place of Dagster's."""

    def programs(**commands: tuple[str, ...]) -> None:
        def stand_ins(_: Settings, *, port: int) -> tuple[Program, ...]:
            return tuple(
                Program(
                    name=name,
                    command=tuple(part.format(port=port) for part in command),
                    log=settings.state_dir / "logs" / f"{name}.log",
                )
                for name, command in commands.items()
            )

        monkeypatch.setattr(processes, "programs", stand_ins)
        monkeypatch.setattr(processes, "_prepared", lambda _: {})

    return programs


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def ignore(_: Running) -> None:
    """Nobody wants to know."""


def answers(url: str) -> bool:
    with urllib.request.urlopen(url) as answer:  # noqa: S310
        return answer.status == HTTPStatus.OK


def children(settings: Settings) -> list[psutil.Process]:
    noted = (settings.state_dir / "up.pid").read_text(encoding="ascii").splitlines()[1:3]
    return [psutil.Process(int(line.split()[0])) for line in noted]


def test_it_starts_dagsters_webserver_and_daemon_on_this_machine_only(settings: Settings) -> None:
    webserver, daemon = processes.programs(settings, port=4000)
    assert webserver.command[-4:] == ("--host", "127.0.0.1", "--port", "4000")
    assert daemon.command[1] == "run"
    for program in (webserver, daemon):
        assert Path(program.command[0]).exists()
        assert program.log.parent == settings.state_dir / "logs"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_ends_every_program_and_is_no_error(
    programs: Callable[..., None], settings: Settings, number: signal.Signals
) -> None:
    programs(web=LONG, daemon=LONG)
    started: list[psutil.Process] = []

    def begun(running: Running) -> None:
        started.extend(children(settings))
        assert [each.pid for each in running.processes] == [each.pid for each in started]
        os.kill(os.getpid(), number)

    before = signal.getsignal(number)
    processes.up(settings, port=free_port(), begun=begun, serving=pytest.fail)
    assert len(started) == 2
    assert all(map(has_ended, started))
    assert signal.getsignal(number) is before
    assert (settings.state_dir / "up.pid").read_text(encoding="ascii") == ""


def test_the_address_is_told_when_something_answers_there(programs: Callable[..., None], settings: Settings) -> None:
    programs(web=WEB, daemon=LONG)
    told: list[str | None] = []

    def begun(running: Running) -> None:
        told.append(up_record.address(settings))

    def serving(running: Running) -> None:
        told.append(up_record.address(settings))
        assert answers(running.url)
        os.kill(os.getpid(), signal.SIGINT)

    port = free_port()
    assert up_record.address(settings) is None
    processes.up(settings, port=port, begun=begun, serving=serving)
    assert told == ["", f"http://127.0.0.1:{port}"]
    assert up_record.address(settings) is None


def test_a_program_that_ends_by_itself_ends_the_others_and_is_named(
    programs: Callable[..., None], settings: Settings
) -> None:
    programs(web=LONG, daemon=(sys.executable, "-c", "print('no luck'); raise SystemExit(3)"))
    with pytest.raises(Permanent, match=r"daemon: it ended by itself with exit code 3\..*daemon\.log"):
        processes.up(settings, port=free_port(), begun=ignore, serving=ignore)
    assert (settings.state_dir / "logs" / "daemon.log").read_text(encoding="utf-8") == "no luck\n"


def test_a_taken_port_is_told_before_anything_starts(programs: Callable[..., None], settings: Settings) -> None:
    programs(web=LONG)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(BadUsage, match=r"already in use.*--port"):
            processes.up(settings, port=taken.getsockname()[1], begun=pytest.fail, serving=pytest.fail)


def test_a_second_up_is_refused_with_the_firsts_process_and_down_ends_the_first(
    programs: Callable[..., None], settings: Settings
) -> None:
    programs(web=LONG)
    found: dict[str, object] = {}
    threads: list[threading.Thread] = []

    def second() -> None:
        try:
            processes.up(settings, port=free_port(), begun=pytest.fail, serving=pytest.fail)
        except BadUsage as refusal:
            found["refusal"] = refusal
        found["ended"] = processes.end_up(settings)

    def begun(_: Running) -> None:
        threads.append(threading.Thread(target=second))
        threads[0].start()

    processes.up(settings, port=free_port(), begun=begun, serving=ignore)
    threads[0].join()
    assert f"it already runs (process {os.getpid()})" in str(found["refusal"])
    assert found["ended"] is True


def test_without_an_up_there_is_nothing_to_end(settings: Settings) -> None:
    assert not processes.end_up(settings)
    settings.state_dir.mkdir()
    (settings.state_dir / "up.pid").write_text("", encoding="ascii")
    assert not processes.end_up(settings)


@pytest.mark.parametrize("by", ["down", "the next up"])
def test_what_a_killed_up_has_left_is_ended(
    programs: Callable[..., None], settings: Settings, tmp_path: Path, by: str
) -> None:
    orphan = process_sessions.begin(LONG, log=tmp_path / "x.log", folder=tmp_path, environment={})
    settings.state_dir.mkdir()
    # The pid of the killed `up` may be anybody's by now: here it is this test's, which must live.
    note = f"{os.getpid()}\n{Session.of(orphan)}\n"
    (settings.state_dir / "up.pid").write_text(note, encoding="ascii")
    if by == "down":
        assert processes.end_up(settings)
    else:
        programs(web=(sys.executable, "-c", ""))
        with pytest.raises(Permanent, match="web: it ended by itself with exit code 0"):
            processes.up(settings, port=free_port(), begun=ignore, serving=ignore)
    assert orphan.wait() == -signal.SIGTERM


@pytest.mark.parametrize("garbage", [b"x\ny z\n", b"\xff\xfe\n"], ids=["words", "no text"])
def test_a_file_of_no_sense_is_no_up(settings: Settings, garbage: bytes) -> None:
    settings.state_dir.mkdir()
    (settings.state_dir / "up.pid").write_bytes(garbage)
    assert not processes.end_up(settings)


@pytest.mark.parametrize("garbage", [b"x\n", b"\xff\xfe\n"], ids=["words", "no text"])
def test_an_up_whose_number_is_lost_is_refused_and_told_by_its_file(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, garbage: bytes
) -> None:
    monkeypatch.setattr(processes, "_END_WITHIN_SECONDS", 0)
    settings.state_dir.mkdir()
    record = settings.state_dir / "up.pid"
    record.write_bytes(garbage)
    with record.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(BadUsage, match=r"it already runs\. "):
            processes.up(settings, port=free_port(), begun=pytest.fail, serving=pytest.fail)
        with pytest.raises(Permanent, match=rf"`fuser {record}` names it"):
            processes.end_up(settings)


HOLD = """
import fcntl, os, sys, time
record = open(sys.argv[1], "a")
fcntl.flock(record, fcntl.LOCK_EX)
print(os.getpid(), file=record, flush=True)
print("held", flush=True)
time.sleep(600)
"""


def test_an_up_that_nobody_waits_for_is_over_when_it_has_ended(settings: Settings) -> None:
    """A container's first process may never ask how it ended: it stays a zombie, and holds nothing."""
    settings.state_dir.mkdir()
    up = subprocess.Popen([sys.executable, "-c", HOLD, settings.state_dir / "up.pid"], stdout=subprocess.PIPE)
    try:
        assert up.stdout
        assert up.stdout.readline() == b"held\n"
        assert processes.end_up(settings)
        assert psutil.Process(up.pid).status() == psutil.STATUS_ZOMBIE
        assert not processes.end_up(settings)
    finally:
        up.kill()
        up.communicate()


def test_an_up_that_ends_by_itself_just_then_is_no_defect(settings: Settings) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    settings.state_dir.mkdir()
    with (settings.state_dir / "up.pid").open("w", encoding="ascii") as record:
        print(gone.pid, file=record, flush=True)
        assert up_record.locked(record)
        with ThreadPoolExecutor() as pool:
            ending = pool.submit(processes.end_up, settings)
            with pytest.raises(TimeoutError):
                ending.result(timeout=0.3)  # it waits for the lock, though the process is no more
            record.close()
            assert ending.result(timeout=30)
