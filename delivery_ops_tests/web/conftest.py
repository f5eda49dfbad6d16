"""The application on loopback, in front of a fresh PostgreSQL, with one Ghost as its source."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from threading import Thread
from typing import Any

import httpx
import pytest

from delivery_ops import clock
from delivery_ops.connectors.ghost import hook
from delivery_ops.connectors.intake import Intake
from delivery_ops.database.database import Database
from delivery_ops.database.roles import Role
from delivery_ops.deliverables.registration import Registrar
from delivery_ops.ledger.ledger import Ledger
from delivery_ops.web.app import app
from delivery_ops.web.server import server_of
from delivery_ops_tests.connectors.ghost.recordings import SITE, Recorded, read_recordings
from delivery_ops_tests.web.receiving import SECRET, Receiver


@pytest.fixture
def intake(database: Database, settings_factory) -> Intake:
    settings = settings_factory(
        registration={"rules": [{"id_prefix": "dlv-2", "client": "acme", "type": "landing_page"}]}
    )
    return Intake(
        ledger=Ledger(database.engine(Role.writer)),
        registrar=Registrar(settings, database.engine(Role.folder)),
        engine=database.engine(Role.writer),
        sources={"agency-site": partial(hook.check, site=SITE, secrets=[SECRET])},
    )


@pytest.fixture
def serve(database: Database):
    """Runs the application of an intake; gives its ``Receiver``."""

    @contextmanager
    def served(intake: Intake) -> Iterator[Receiver]:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
            listening.bind(("127.0.0.1", 0))
            listening.listen()
            address = listening.getsockname()
            server = server_of(app(intake), host=address[0], port=address[1])
            thread = Thread(target=server.run, kwargs={"sockets": [listening]})
            thread.start()
            with httpx.Client(base_url=f"http://{address[0]}:{address[1]}", timeout=20) as client:
                receiver = Receiver(database, intake, address, client)
                clock.read_from(lambda: receiver.at)
                try:
                    yield receiver
                finally:
                    server.should_exit = True
                    thread.join()

    return served


@pytest.fixture
def receiver(serve, intake: Intake) -> Iterator[Receiver]:
    with serve(intake) as running:
        yield running


@pytest.fixture
def breaking(serve, intake: Intake) -> Iterator[Receiver]:
    """One whose source's code has a defect."""

    def broken(_delivery: object) -> Any:
        raise RuntimeError("the password is hunter2")

    with serve(replace(intake, sources={"agency-site": broken})) as running:
        yield running


@pytest.fixture(scope="session")
def recordings(reference_data) -> list[Recorded]:
    return read_recordings(reference_data)
