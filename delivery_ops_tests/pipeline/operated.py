"""An operation of the tests' own, run as its users run it, and everything that can be seen after a run.

What is seen is copied at once: the next run of the same operation, which another fixture may start, changes nothing
of it. So every test compares values, and none depends on the order of tests.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import patch

import dagster as dg
import sqlalchemy as sa

from delivery_ops import clock, dagster_home
from delivery_ops import settings as settings_module
from delivery_ops.database.database import Database
from delivery_ops.database.opening import open_database
from delivery_ops.database.roles import Role
from delivery_ops.ledger.ledger import Ledger
from delivery_ops.settings import CONFIG_VARIABLE, DATABASE_URL_VARIABLE, DEFAULT_CONFIG, Settings
from delivery_ops_tests import commanding

Rows = list[dict[str, Any]]
Operate = Callable[[str], AbstractContextManager["Operated"]]
"""Opens an operation whose ``delivery_ops.yaml`` is this text."""

SEED = 7  # of the demo
_PARTITIONED = dg.AssetKey("raw_search_console__performance")


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What stood after a run.

    ``document`` is the run as ``--json`` tells it and ``page`` its report; ``analytics`` are the views as an analyst
    reads them, ``ops`` the tables beneath as the reader does; ``lake`` has each file's digest, ``head`` the ledger's
    last position; ``exported`` the (property, day) that Dagster shows as materialized.
    """

    exit_code: int
    document: Mapping[str, Any]
    page: str
    analytics: Mapping[str, Rows]
    ops: Mapping[str, Rows]
    lake: Mapping[str, str]
    head: int
    exported: frozenset[tuple[str, date]]

    def mart(self, name: str, *key: str) -> dict[Any, dict[str, Any]]:
        """The rows of a view by the value of ``key``, or by the tuple of its values."""
        return _by(self.analytics[name], key)

    def table(self, name: str, *key: str) -> dict[Any, dict[str, Any]]:
        """The rows of a table of ``ops`` likewise."""
        return _by(self.ops[name], key)

    @property
    def balances(self) -> dict[tuple[str, str], dict[str, int]]:
        """By (kind, subject) what the run says came in and came out."""
        told = self.document["run"]["balances"]
        return {(each["kind"], each["subject"]): {"incoming": each["incoming"], **each["outcomes"]} for each in told}


@dataclass(frozen=True, kw_only=True, slots=True)
class Operated:
    """An operation whose configuration is in force for this process and for those it starts."""

    settings: Settings

    def run(self, *command: str) -> Seen:
        """``delivery-ops COMMAND --json``, in this process."""
        said = commanding.give(*command, "--config", self.settings.config_dir, "--json")
        return self.seen(said.code, said.document)

    def run_apart(self, *command: str) -> Seen:
        """The same in a process of its own, as a person starts it."""
        said = commanding.ended(commanding.start(*command, "--config", self.settings.config_dir, "--json"))
        return self.seen(said.code, said.document)

    def seen(self, exit_code: int, document: Mapping[str, Any]) -> Seen:
        """Everything as it stands now, after a run that ended with ``exit_code`` and ``document``."""
        database = open_database(self.settings)
        os.environ.update(dagster_home.prepare(self.settings, database))
        lake = self.settings.state_dir / "lake"
        try:
            return Seen(
                exit_code=exit_code,
                document=document,
                page=(self.settings.state_dir / "report.html").read_text(encoding="utf-8"),
                analytics=_relations(database, Role.analyst, "analytics"),
                ops=_relations(database, Role.reader, "ops"),
                lake={str(path.relative_to(lake)): _digest(path) for path in sorted(lake.rglob("*.parquet"))},
                head=Ledger(database.engine(Role.writer)).head() or 0,
                exported=_exported(),
            )
        finally:
            database.close()


@contextmanager
def operated(folder: Path, database_url: str, configuration: str) -> Iterator[Operated]:
    """An operation configured in ``folder``, its state beside it, its database at ``database_url``."""
    config = folder / "config"
    config.mkdir()
    (config / "delivery_ops.yaml").write_text(configuration, encoding="utf-8")
    with patch.dict(os.environ, {CONFIG_VARIABLE: str(config), DATABASE_URL_VARIABLE: database_url}):
        try:
            yield Operated(settings=settings_module.load())
        finally:
            clock.read_from(None)


def demo_configuration() -> str:
    """The demo's own, with its state beside it."""
    return (DEFAULT_CONFIG / "delivery_ops.yaml").read_text(encoding="utf-8").replace("../local", "../state")


def _by(rows: Rows, key: tuple[str, ...]) -> dict[Any, dict[str, Any]]:
    found = {row[key[0]] if len(key) == 1 else tuple(row[name] for name in key): row for row in rows}
    assert len(found) == len(rows), f"{key} names several rows"
    return found


def _relations(database: Database, role: Role, schema: str) -> dict[str, Rows]:
    """Every table and view of ``schema`` that ``role`` may read."""
    engine = database.engine(role)
    inspected = sa.inspect(engine)
    names = [*inspected.get_table_names(schema), *inspected.get_view_names(schema)]
    with engine.connect() as connection:
        return {
            name: [
                dict(row)
                for row in connection.execute(
                    sa.select(sa.text("*")).select_from(sa.table(name, schema=schema))
                ).mappings()
            ]
            for name in names
        }


def _exported() -> frozenset[tuple[str, date]]:
    with dg.DagsterInstance.get() as instance:
        keys = [key.split("|") for key in instance.get_materialized_partitions(_PARTITIONED)]
    return frozenset((property_, date.fromisoformat(day)) for day, property_ in keys)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
