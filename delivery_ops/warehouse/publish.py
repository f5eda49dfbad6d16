"""Giving the marts to readers: a new set of tables in ``analytics_data``, then all views of ``analytics`` at once.

Belongs here: versions, the transaction they come in, and what is thrown away afterwards. Does not belong here: rows
(``copying``) and how views change under their readers (``switching``, which says what readers are promised).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import psycopg
from psycopg.sql import SQL, Identifier

from delivery_ops import clock
from delivery_ops.database.database import Database
from delivery_ops.database.roles import Role
from delivery_ops.errors import Transient
from delivery_ops.warehouse.copying import columns_of, copy_rows
from delivery_ops.warehouse.marts import LAYER, Mart
from delivery_ops.warehouse.switching import NewView, switch_views

TABLES_SCHEMA = "analytics_data"
_KEPT_VERSIONS = 2
_DROP_PATIENCE = "500ms"
_ONE_PUBLISHER = 7_236_411_904_115_200_001  # the advisory lock that publications queue for; the number means nothing
_VERSIONS = (Path(__file__).parent / "versions.sql").read_text(encoding="utf-8")
_RUN = (Path(__file__).parent / "run.sql").read_text(encoding="utf-8")

RUN = Mart(
    name="run",
    description="What the other views show: which run made them, and as of when. One row.",
    columns={
        "version": "The publication's number; all views of one transaction are of one version.",
        "run_id": "The run that built them.",
        "as_of": "The instant that maturity was judged at.",
        "published_at": "When it was published.",
    },
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """One published version, with the number of rows of each mart."""

    version: int
    run_id: str
    as_of: datetime
    published_at: datetime
    rows: Mapping[str, int]


def publish(
    database: Database,
    warehouse: Path,
    marts: Sequence[Mart],
    *,
    run_id: str,
    as_of: datetime,
    patience: timedelta = timedelta(minutes=1),
) -> Published:
    """Publish ``marts`` of the DuckDB file ``warehouse`` as the next version. All or nothing.

    The table of mart x is ``analytics_data.x__<version>``, its view ``analytics.x``; ``analytics.run`` says which
    version it is. The last two versions stay. A view whose mart is no more goes away. ``patience`` is how long
    transactions that have read a view may hold the switch up.

    Raises:
        Permanent: a value or type cannot be published, or a foreign object depends on a view that must change.
        Transient: transactions left open kept the views locked, or the database is away. Nothing has changed then.
    """
    published_at = clock.now()
    with duckdb.connect(str(warehouse), read_only=True) as source, _connection(database) as postgres:
        source.execute("SET TimeZone = 'UTC'")
        with postgres.transaction():
            postgres.execute("SELECT pg_advisory_xact_lock(%s)", [_ONE_PUBLISHER])
            version = 1 + max((number for _, number in _tables(postgres)), default=0)
            tables = [(mart, source.table(f"{LAYER}.{mart.name}")) for mart in marts]
            told = {"version": version, "run_id": run_id, "as_of": as_of, "published_at": published_at}
            run = source.sql(_RUN, params=told)
            views = [_copied(postgres, mart, rows, version) for mart, rows in [*tables, (RUN, run)]]
            switch_views(postgres, views, patience=patience)
        _drop_older(postgres)
        counts = {mart.name: len(rows) for mart, rows in tables}
    return Published(version=version, run_id=run_id, as_of=as_of, published_at=published_at, rows=counts)


def _copied(postgres: psycopg.Connection, mart: Mart, rows: duckdb.DuckDBPyRelation, version: int) -> NewView:
    table = Identifier(TABLES_SCHEMA, f"{mart.name}__{version}")
    columns = columns_of(rows, mart.name)
    copy_rows(rows, postgres, table, columns)
    return NewView(mart=mart, table=table, columns=columns)


def _drop_older(postgres: psycopg.Connection) -> None:
    """Drop all but the last versions. A table that somebody has open stays until the next publication."""
    tables = _tables(postgres)
    kept = sorted({version for _, version in tables})[-_KEPT_VERSIONS:]
    for name, version in tables:
        if version in kept:
            continue
        try:
            with postgres.transaction():
                postgres.execute(SQL("SET LOCAL lock_timeout = {}").format(_DROP_PATIENCE))
                postgres.execute(SQL("DROP TABLE {}").format(Identifier(TABLES_SCHEMA, name)))
        except psycopg.errors.LockNotAvailable:
            continue


def _tables(postgres: psycopg.Connection) -> list[tuple[str, int]]:
    return [(name, version) for name, version in postgres.execute(_VERSIONS).fetchall()]


@contextmanager
def _connection(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """The publisher's connection, with no transaction open; losing it is ``Transient``."""
    try:
        with database.engine(Role.publisher).connect() as pooled:
            yield pooled.execution_options(isolation_level="AUTOCOMMIT").connection.driver_connection  # type: ignore[misc]
    except psycopg.OperationalError as error:
        raise Transient(
            "publishing the marts",
            subject="schema analytics",
            cause=str(error).strip(),
            remedy="Run it again; the last version is still published.",
        ) from error
