"""A demo operation of the system tests' own: its state folder, its embedded server, its real processes.

Whatever a test starts it ends, by process id; the operation is left as usable as it was found. Waits are for
conditions, with an end to the patience.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import dagster as dg
import psutil
import psycopg
import pytest

from delivery_ops import dagster_home, settings
from delivery_ops.database import server
from delivery_ops.database.database import Database
from delivery_ops.database.opening import open_database
from delivery_ops.database.roles import Role
from delivery_ops.settings import CONFIG_VARIABLE, DEFAULT_CONFIG, Settings
from delivery_ops_tests.commanding import Said, ended, start

POOL = "warehouse"
TRAILING_DAYS = 3  # fewer than there are: the days before are for a backfill


@dataclass(kw_only=True)
class Operated:
    """An operation, and the processes that a test has started on it."""

    settings: Settings
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def environment(self) -> Mapping[str, str]:
        return {CONFIG_VARIABLE: str(self.settings.config_dir)}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        self.started.append(start(*arguments, environment=self.environment))
        return self.started[-1]

    def give(self, *arguments: str) -> Said:
        return ended(self.start(*arguments))

    @contextmanager
    def database(self) -> Iterator[Database]:
        opened = open_database(self.settings)
        try:
            yield opened
        finally:
            opened.close()

    @contextmanager
    def dagster(self) -> Iterator[dg.DagsterInstance]:
        """The operation's Dagster as its own processes see it."""
        with (
            self.database() as database,
            patch.dict(os.environ, dagster_home.prepare(self.settings, database)),
            dg.DagsterInstance.get() as instance,
        ):
            yield instance

    def as_analyst(self, **options: Any) -> psycopg.Connection[Any]:
        with self.database() as database:
            return psycopg.connect(database.url(Role.analyst), **options)


@pytest.fixture(scope="session")
def _operation(server_folder: Callable[[], Path]) -> Iterator[Settings]:
    folder = server_folder()
    config = folder / "config"
    shutil.copytree(DEFAULT_CONFIG, config)
    text = (config / "delivery_ops.yaml").read_text(encoding="utf-8")
    text = text.replace("../local", "../state").replace("trailing_days: 28", f"trailing_days: {TRAILING_DAYS}")
    (config / "delivery_ops.yaml").write_text(text, encoding="utf-8")
    loaded = settings.load(config)
    assert (loaded.search_console.trailing_days, loaded.state_dir.parent) == (TRAILING_DAYS, folder)
    try:
        said = ended(start("demo", "--config", str(config)), within=240)
        assert said.code == 0, said.err
        # Its stages, and no log line or warning of a library.
        assert all(re.fullmatch(r"  [A-Z].* \(\d+\.\d s\)", line) for line in said.err.splitlines()), said.err
        yield loaded
    finally:
        server.stop(loaded, force=True)


@pytest.fixture
def operated(_operation: Settings) -> Iterator[Operated]:
    operated = Operated(settings=_operation)
    yield operated
    for process in operated.started:
        if process.poll() is None:
            for member in [*psutil.Process(process.pid).children(recursive=True), process]:
                member.kill()
        process.communicate()


def ask(port: int, query: str, **variables: Any) -> dict[str, Any]:
    """What Dagster's webserver answers to a GraphQL query."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql", data=body, headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        document = json.load(answer)
    assert "errors" not in document, document
    return document["data"]
