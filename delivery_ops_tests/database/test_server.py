"""The life of the embedded server: losing it, or running it twice, would lose the ledger."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import psutil
import psycopg
import pytest

from delivery_ops.database import account, postmaster, server
from delivery_ops.errors import Permanent
from delivery_ops.settings import Settings

# A shell that runs the tests in the background has Ctrl-C ignored, which children inherit: the starter takes it back.
START_AND_SAY_THE_PORT = """
import signal
import sys
from pathlib import Path
from delivery_ops.database import server
from delivery_ops.settings import Settings
signal.signal(signal.SIGINT, signal.default_int_handler)
settings = Settings.model_validate_json(sys.stdin.readline())
sys.stdin.readline()
print(server.ensure_running(settings).port, flush=True)
sys.stdin.readline()
"""


def test_it_listens_on_loopback_with_scram_and_leaves_no_key_readable_by_others(own_settings: Settings) -> None:
    running = server.ensure_running(own_settings)
    with psycopg.connect(running.superuser_login("postgres")) as connection:
        show = {
            name: connection.execute(f"SHOW {name}").fetchone()[0]
            for name in ("listen_addresses", "unix_socket_directories", "synchronous_commit", "max_wal_size")
        }
        methods = {method for (method,) in connection.execute("SELECT auth_method FROM pg_hba_file_rules")}
    assert show == {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "synchronous_commit": "on",
        "max_wal_size": "8GB",
    }
    assert methods == {"scram-sha-256"}
    keys = own_settings.state_dir / "keys"
    assert {path.stat().st_mode & 0o777 for path in keys.iterdir()} == {0o600}
    assert keys.stat().st_mode & 0o777 == 0o700
    assert running.superuser_password not in repr(running)


def test_it_outlives_its_starter_and_a_ctrl_c_in_the_starters_process_group(own_settings: Settings) -> None:
    starter = _starter(own_settings)
    port = _begin(starter)
    os.killpg(starter.pid, signal.SIGINT)
    starter.communicate()
    assert starter.returncode != 0
    assert server.ensure_running(own_settings).port == port
    assert _connects(server.ensure_running(own_settings))


def test_starters_of_the_same_moment_start_one_server(new_settings: Settings) -> None:
    starters = [_starter(new_settings) for _ in range(3)]
    for starter in starters:
        starter.stdin.write("\n")
        starter.stdin.flush()
    ports = {int(starter.stdout.readline()) for starter in starters}
    for starter in starters:
        starter.communicate()
    data = server.ensure_running(new_settings).data
    servers = [process for process in psutil.process_iter(["cmdline"]) if str(data) in (process.info["cmdline"] or [])]
    assert len(ports) == 1
    assert len(servers) == 1


def test_after_kill_9_the_next_command_recovers_what_was_committed(own_settings: Settings) -> None:
    before = server.ensure_running(own_settings)
    with psycopg.connect(before.superuser_login("postgres")) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    _kill_postmaster(before)
    after = server.ensure_running(own_settings)
    assert after == before
    with psycopg.connect(after.superuser_login("postgres")) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_a_backend_that_outlives_a_killed_postmaster_does_not_stand_in_the_way(own_settings: Settings) -> None:
    before = server.ensure_running(own_settings)
    with closing(psycopg.connect(before.superuser_login("postgres"))) as busy:
        # A loop of the language itself: it does not look whether the postmaster lives.
        computing = threading.Thread(target=_until_cut_off, args=(busy, "DO 'BEGIN LOOP END LOOP; END'"))
        computing.start()
        backend = psutil.Process(busy.info.backend_pid)
        _wait_until_it_computes(before, backend.pid)
        _kill_postmaster(before)
        assert not postmaster.has_ended(backend)
        after = server.ensure_running(own_settings)
        computing.join()
    assert postmaster.has_ended(backend)
    assert _connects(after)


def test_a_lock_file_whose_process_id_lives_again_as_somebody_else_is_no_server(own_settings: Settings) -> None:
    data = server.ensure_running(own_settings).data
    lock_file = (data / "postmaster.pid").read_text(encoding="ascii")
    server.stop(own_settings)
    owner = account.owner_of(data)
    is_root = os.geteuid() == 0
    somebody = subprocess.Popen(["/bin/sleep", "600"], user=owner.uid if is_root else None)
    try:
        reused = data / "postmaster.pid"
        reused.write_text(lock_file.replace(lock_file.split()[0], str(somebody.pid), 1), encoding="ascii")
        owner.take(reused)
        assert _connects(server.ensure_running(own_settings))
    finally:
        somebody.kill()
        somebody.wait()


def test_the_port_is_kept_and_a_taken_one_is_an_error_with_its_remedy(own_settings: Settings) -> None:
    port = server.ensure_running(own_settings).port
    assert server.stop(own_settings)
    with socket.create_server(("127.0.0.1", port)):
        with pytest.raises(Permanent, match=f"port {port} of 127.0.0.1 is taken") as refusal:
            server.ensure_running(own_settings)
        assert str(own_settings.state_dir / "postgres.port") in str(refusal.value)
        assert "delete the file" in refusal.value.remedy
    assert server.ensure_running(own_settings).port == port


def test_stop_refuses_and_names_the_clients_unless_forced(own_settings: Settings) -> None:
    assert not server.stop(own_settings)
    running = server.ensure_running(own_settings)
    with closing(psycopg.connect(running.superuser_login("postgres"), application_name="Metabase")) as client:
        with pytest.raises(Permanent) as refusal:
            server.stop(own_settings)
        assert f"1 client is connected: Metabase (user postgres, pid {client.info.backend_pid})" in str(refusal.value)
        assert client.execute("SELECT 1").fetchone() == (1,)
        assert server.stop(own_settings, force=True)
    assert postmaster.find(running.data) is None
    assert not server.stop(own_settings)


def test_a_crash_while_the_data_folder_was_made_leaves_nothing_in_the_way(new_settings: Settings) -> None:
    half_made = new_settings.state_dir / "postgres.unfinished"
    half_made.mkdir()
    (half_made / "PG_VERSION").write_text("18\n", encoding="ascii")
    assert _connects(server.ensure_running(new_settings))


def test_what_the_server_says_against_starting_is_the_cause(own_settings: Settings) -> None:
    data = server.ensure_running(own_settings).data
    server.stop(own_settings)
    (data / "postgresql.auto.conf").write_text("work_mem = 'lots'\n", encoding="utf-8")
    with pytest.raises(Permanent, match="contains errors") as refusal:
        server.ensure_running(own_settings)
    assert str(data / "startup.log") in refusal.value.remedy
    (data / "postgresql.auto.conf").write_text("", encoding="utf-8")


def test_a_state_folder_that_cannot_be_made_is_said_plainly(settings: Settings) -> None:
    settings.state_dir.write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(Permanent, match=r"File exists|Not a directory"):
        server.ensure_running(settings)


def test_a_data_folder_whose_password_is_gone_is_said_plainly(own_settings: Settings) -> None:
    server.ensure_running(own_settings)
    key = own_settings.state_dir / "keys" / "postgres-superuser.json"
    kept = key.read_text(encoding="utf-8")
    key.unlink()
    with pytest.raises(Permanent, match="its password file is gone"):
        server.ensure_running(own_settings)
    key.write_text(kept, encoding="utf-8")


@pytest.mark.system
def test_a_full_disk_is_said_plainly_and_leaves_no_half_made_folder(new_settings: Settings) -> None:
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    disk = new_settings.state_dir
    mounted = subprocess.run(
        ["/bin/mount", "-t", "tmpfs", "-o", "size=20m,mode=0755", "none", disk], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip(f"mounting is not allowed here: {mounted.stderr.decode()}")
    try:
        with pytest.raises(Permanent, match="No space left on device"):
            server.ensure_running(new_settings)
        assert not list(disk.glob("postgres/*"))
        assert not list(disk.glob("*.unfinished"))
    finally:
        subprocess.run(["/bin/umount", disk], check=True)


def _starter(settings: Settings) -> subprocess.Popen[str]:
    """A process that is ready to start the server, and does so at the next line it reads."""
    starter = subprocess.Popen(
        [sys.executable, "-c", START_AND_SAY_THE_PORT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        cwd=Path(__file__).parents[2],
    )
    starter.stdin.write(settings.model_dump_json() + "\n")
    starter.stdin.flush()
    return starter


def _begin(starter: subprocess.Popen[str]) -> int:
    starter.stdin.write("\n")
    starter.stdin.flush()
    return int(starter.stdout.readline())


def _connects(running: server.Server) -> bool:
    with psycopg.connect(running.superuser_login("postgres")) as connection:
        return connection.execute("SELECT 1").fetchone() == (1,)


def _kill_postmaster(running: server.Server) -> None:
    found = postmaster.find(running.data)
    assert found
    process = psutil.Process(found.pid)
    process.kill()
    while not postmaster.has_ended(process):
        pass


def _until_cut_off(connection: psycopg.Connection, statement: str) -> None:
    with pytest.raises(psycopg.OperationalError):
        connection.execute(statement)


def _wait_until_it_computes(running: server.Server, backend: int) -> None:
    query = "SELECT query FROM pg_stat_activity WHERE pid = %s AND state = 'active' AND wait_event IS NULL"
    with psycopg.connect(running.superuser_login("postgres"), autocommit=True) as connection:
        while not connection.execute(query, [backend]).fetchone():
            pass
