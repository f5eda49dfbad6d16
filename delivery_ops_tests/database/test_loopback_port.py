"""The port is part of every login handed out: it must not move by itself, nor be one the system hands out."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from delivery_ops.database import loopback_port
from delivery_ops.errors import Permanent


def test_it_is_chosen_once(tmp_path: Path) -> None:
    port = loopback_port.chosen(tmp_path)
    assert 20_000 <= port < 32_000
    assert loopback_port.chosen(tmp_path) == port
    assert (tmp_path / "postgres.port").read_text(encoding="ascii") == f"{port}\n"


def test_a_taken_one_is_refused_and_a_lingering_connection_is_not(tmp_path: Path) -> None:
    port = loopback_port.chosen(tmp_path)
    with socket.create_server(("127.0.0.1", port)) as listening:
        with pytest.raises(Permanent, match=f"port {port}"):
            loopback_port.chosen(tmp_path)
        client = socket.create_connection(("127.0.0.1", port))
        accepted, _ = listening.accept()
    accepted.close()  # the side that closes first keeps the port in TIME_WAIT
    client.close()
    assert loopback_port.chosen(tmp_path) == port


@pytest.mark.parametrize("content", ["", "many", "-1", "99999"])
def test_a_spoilt_file_is_said_plainly(content: str, tmp_path: Path) -> None:
    (tmp_path / "postgres.port").write_text(content, encoding="ascii")
    with pytest.raises(Permanent, match="not a port number"):
        loopback_port.chosen(tmp_path)
