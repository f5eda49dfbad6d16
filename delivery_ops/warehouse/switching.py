"""Switching all views of ``analytics`` to new tables while people read them.

Belongs here: the order of locks, how long to wait for readers, and the views' definitions and comments. Does not
belong here: versions and tables (``publish``).

What is promised to readers: within one transaction, at any isolation level, all views are of one version, and no
statement fails because of a publication; it waits for about half a second at most. This is why: a transaction that
has read a view keeps it locked to its end, and the switch needs all views at once. The rows of new tables are frozen,
so a snapshot taken before the copy sees them too. And the switch waits for one view at a time while it holds none, so
there is never a deadlock whose victim might be a reader. A transaction left open keeps publications waiting; they fail
then, not it. When a mart's columns change, a client must prepare its statements on that view anew: that is
PostgreSQL's rule.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg.sql import SQL, Composed, Identifier

from delivery_ops.errors import Permanent, Transient
from delivery_ops.warehouse.copying import Columns
from delivery_ops.warehouse.marts import Mart

VIEWS_SCHEMA = "analytics"
_LONGEST_WAIT = "500ms"
_VIEWS = (Path(__file__).parent / "views.sql").read_text(encoding="utf-8")
_READERS = (Path(__file__).parent / "readers.sql").read_text(encoding="utf-8")


@dataclass(frozen=True, kw_only=True, slots=True)
class NewView:
    """What the view of ``mart`` shows from the switch on: ``table``, which has ``columns``."""

    mart: Mart
    table: Identifier
    columns: Columns


def switch_views(postgres: psycopg.Connection[Any], views: Sequence[NewView], *, patience: timedelta) -> None:
    """Make ``views`` all there is in ``analytics``, at once, in the transaction that is open.

    Args:
        patience: no attempt starts later than this.

    Raises:
        Permanent: an object of somebody else depends on a view that must be dropped.
        Transient: readers kept a view locked through all attempts.
    """
    give_up_at = time.monotonic() + patience.total_seconds()
    started = time.monotonic()
    while not _attempt(postgres, views):
        ended = time.monotonic()
        if ended >= give_up_at:
            raise Transient(
                "publishing the marts",
                subject=f"schema {VIEWS_SCHEMA}",
                cause=f"readers kept its views locked for {patience.total_seconds():.0f} s: {_readers(postgres)}",
                remedy="End their transactions and run it again; the last version is still published.",
            )
        # Readers are left alone for about as long as the attempt may have kept them waiting.
        time.sleep((ended - started) * random.uniform(0.5, 1.5))  # noqa: S311 - guards nothing
        started = time.monotonic()


def _attempt(postgres: psycopg.Connection[Any], views: Sequence[NewView]) -> bool:
    """One attempt. Where it cannot have all locks it gives them back and changes nothing."""
    existing = {name: [tuple(column) for column in columns] for name, columns in postgres.execute(_VIEWS)}
    try:
        with postgres.transaction():
            _lock(postgres, list(existing))
            _replace(postgres, views, existing)
    except psycopg.errors.LockNotAvailable:
        return False
    except psycopg.errors.DependentObjectsStillExist as error:
        raise Permanent(
            "publishing the marts",
            subject=f"schema {VIEWS_SCHEMA}",
            cause=str(error).strip(),
            remedy="Drop what depends on the view and run it again: this release changes the view's columns.",
        ) from error
    return True


def _lock(postgres: psycopg.Connection[Any], views: Sequence[str]) -> None:
    """Wait for the first of ``views`` (somebody is reading it) and take the others if nobody has them by then."""
    postgres.execute(SQL("SET LOCAL lock_timeout = {}").format(_LONGEST_WAIT))
    for some, how in ((views[:1], SQL("")), (views[1:], SQL("NOWAIT"))):
        if some:
            postgres.execute(SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE {}").format(_listed(some), how))


def _replace(
    postgres: psycopg.Connection[Any], views: Sequence[NewView], existing: Mapping[str, Sequence[tuple[str, ...]]]
) -> None:
    same = {view.mart.name for view in views if existing.get(view.mart.name) == view.columns}
    if gone := [name for name in existing if name not in same]:
        postgres.execute(SQL("DROP VIEW {}").format(_listed(gone)))
    for view in views:
        name = Identifier(VIEWS_SCHEMA, view.mart.name)
        postgres.execute(SQL("CREATE OR REPLACE VIEW {} AS TABLE {}").format(name, view.table))
        postgres.execute(_comments(name, view))


def _comments(name: Identifier, view: NewView) -> Composed:
    texts = [SQL("COMMENT ON VIEW {} IS {}").format(name, view.mart.description)]
    for column, _ in view.columns:
        if text := view.mart.columns.get(column):
            place = Identifier(VIEWS_SCHEMA, view.mart.name, column)
            texts.append(SQL("COMMENT ON COLUMN {} IS {}").format(place, text))
    return SQL("; ").join(texts)


def _listed(names: Mapping[str, Any] | Sequence[str]) -> Composed:
    return SQL(", ").join(Identifier(VIEWS_SCHEMA, name) for name in names)


def _readers(postgres: psycopg.Connection[Any]) -> str:
    """Whose transactions hold the views just now, in words."""
    found = postgres.execute(_READERS).fetchall()
    return ", ".join(f"{login} (process {pid})" for login, pid, _ in found) or "they have ended meanwhile"
