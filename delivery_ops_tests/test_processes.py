"""At stake: one ``up`` per operation, and an end of it that leaves nothing running.

Real processes in place of Dagster's, which start faster; ``system/test_up.py`` does it with Dagster's own.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from delivery_ops import process_sessions, processes
from delivery_ops.database.postmaster import has_ended
from delivery_ops.errors import BadUsage, Permanent
from delivery_ops.process_sessions import Session
from delivery_ops.processes import Program
from delivery_ops.settings import Settings

LONG = (sys.executable, "-c", "import time; time.sleep(600)")


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Callable[..., None]:
    """Puts these command lines in place of Dagster's."""

    def programs(**commands: tuple[str, ...]) -> None:
        stand_ins = tuple(
            Program(name=name, command=command, log=settings.state_dir / "logs" / f"{name}.log")
            for name, command in commands.items()
        )
        monkeypatch.setattr(processes, "programs", lambda *_, **__: stand_ins)
        monkeypatch.setattr(processes, "_prepared", lambda _: {})

    return programs


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def children(settings: Settings) -> list[psutil.Process]:
    noted = (settings.state_dir / "up.pid").read_text(encoding="ascii").splitlines()[1:]
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

    def say(line: str) -> None:
        if "http://" in line:
            started.extend(children(settings))
            os.kill(os.getpid(), number)

    before = signal.getsignal(number)
    processes.up(settings, port=free_port(), say=say)
    assert len(started) == 2
    assert all(map(has_ended, started))
    assert signal.getsignal(number) is before
    assert (settings.state_dir / "up.pid").read_text(encoding="ascii") == ""


def test_a_program_that_ends_by_itself_ends_the_others_and_is_named(
    programs: Callable[..., None], settings: Settings
) -> None:
    programs(web=LONG, daemon=(sys.executable, "-c", "print('no luck'); raise SystemExit(3)"))
    with pytest.raises(Permanent, match=r"daemon: it ended by itself with exit code 3\..*daemon\.log"):
        processes.up(settings, port=free_port(), say=lambda _: None)
    assert (settings.state_dir / "logs" / "daemon.log").read_text(encoding="utf-8") == "no luck\n"


def test_a_taken_port_is_told_before_anything_starts(programs: Callable[..., None], settings: Settings) -> None:
    programs(web=LONG)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(BadUsage, match=r"already in use.*--port"):
            processes.up(settings, port=taken.getsockname()[1], say=pytest.fail)


@pytest.mark.parametrize("port", [70_000, -1])
def test_a_port_that_does_not_exist_is_wrong_usage(
    programs: Callable[..., None], settings: Settings, port: int
) -> None:
    programs(web=LONG)
    with pytest.raises(BadUsage, match="port"):
        processes.up(settings, port=port, say=pytest.fail)


def test_a_second_up_is_refused_with_the_firsts_process_and_down_ends_the_first(
    programs: Callable[..., None], settings: Settings
) -> None:
    programs(web=LONG)
    found: dict[str, object] = {}
    threads: list[threading.Thread] = []

    def second() -> None:
        try:
            processes.up(settings, port=free_port(), say=pytest.fail)
        except BadUsage as refusal:
            found["refusal"] = refusal
        found["ended"] = processes.end_up(settings)

    def say(line: str) -> None:
        if "http://" in line:
            threads.append(threading.Thread(target=second))
            threads[0].start()

    processes.up(settings, port=free_port(), say=say)
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
            processes.up(settings, port=free_port(), say=lambda _: None)
    assert orphan.wait() == -signal.SIGTERM


def test_a_file_of_no_sense_is_no_up(settings: Settings) -> None:
    settings.state_dir.mkdir()
    (settings.state_dir / "up.pid").write_text("x\ny z\n", encoding="ascii")
    assert not processes.end_up(settings)
