"""Loading one source: its file's rows into the lake, or as registrations into the ledger, and the word about it.

Belongs here: the order of things for one source. Does not belong here: reading, mapping and choosing rows. A source's
lake partition is its whole file, replaced at once. A file that cannot be used leaves the rows of the load before where
they are, and the failure is announced; other sources are not touched by it. Doing all of it again changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from delivery_ops.connectors.files.announcing import SOURCES, Announced, Outcome, announce, append_all, last_loads
from delivery_ops.connectors.files.deal_keys import give_up, held_before
from delivery_ops.connectors.files.mapping import RowMapping
from delivery_ops.connectors.files.reading import open_rows
from delivery_ops.connectors.files.rows import Malformed, Row, Rows, UnreadableFile
from delivery_ops.connectors.files.sieve import Kept, Sieve
from delivery_ops.contracts.envelope import EventDraft
from delivery_ops.database.database import Database
from delivery_ops.database.roles import Role
from delivery_ops.deliverables.registration import Registrar
from delivery_ops.errors import DeliveryOpsError, Rejected
from delivery_ops.file_source import FileSource, SourceKind
from delivery_ops.lake.datasets import COSTS, DEALS, REVENUE, TOUCHES, Dataset
from delivery_ops.lake.lake import Lake
from delivery_ops.ledger.consume import catch_up
from delivery_ops.ledger.ledger import Ledger
from delivery_ops.settings import Settings, source_path

DATASETS: Mapping[SourceKind, Dataset] = {"touches": TOUCHES, "deals": DEALS, "revenue": REVENUE, "costs": COSTS}


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadResult:
    """``outcome`` is what was announced; ``registered`` counts deliverables this load registered; ``changed`` says
    whether lake or ledger hold anything new; ``error`` is why the source failed, and ``standing`` what is there of it
    all the same."""

    outcome: Outcome
    registered: int
    changed: bool
    error: DeliveryOpsError | None
    standing: str | None


def load_source(
    source: FileSource, settings: Settings, lake: Lake, ledger: Ledger, registrar: Registrar, database: Database
) -> LoadResult:
    """Load ``source`` and announce what came of it.

    A file that is missing, unreadable or without a configured column is a failed result, not an exception.
    """
    loading = _Loading(RowMapping(source), settings, lake, ledger, registrar)
    path = source_path(settings, source)
    error: DeliveryOpsError | None = None
    try:
        digest = _file_digest(path)
        with open_rows(path) as rows:
            loading.mapping.require_columns(rows.columns)
            outcome = loading.run(path, rows, digest)
    except UnreadableFile as failed:
        error = failed
        loading.leave_standing()
        outcome = Outcome(
            source=source.name, kind=source.kind, error_class=type(failed).__name__, detail=_storable(str(failed))
        )
    engine = database.engine(Role.folder)
    catch_up(engine, [SOURCES])
    with engine.connect() as connection:
        last = last_loads(connection).get(source.name)
    is_news = announce(ledger, outcome, last)
    return LoadResult(
        outcome=outcome,
        registered=loading.registered,
        changed=loading.changed or is_news,
        error=error,
        standing=_standing(source, lake, last) if error else None,
    )


def _standing(source: FileSource, lake: Lake, last: Announced | None) -> str:
    """What is there of a source that could not be loaded; ``last`` is what was announced before."""
    dataset = DATASETS.get(source.kind)
    if dataset is None:
        return "what it registered before stands"
    if source.name not in lake.partitions(dataset):
        return "no rows of it were loaded before"
    when = "before" if last is None or last.outcome.error_class else f"on {last.loaded_at:%Y-%m-%d}"
    return f"the rows loaded {when} stand"


class _Loading:
    """One load under way, and what it has changed so far."""

    def __init__(
        self, mapping: RowMapping, settings: Settings, lake: Lake, ledger: Ledger, registrar: Registrar
    ) -> None:
        self.mapping = mapping
        self.registered = 0
        self.changed = False
        self._lake = lake
        self._ledger = ledger
        self._registrar = registrar
        self._held = held_before(mapping.source, settings, lake)
        self._load_id = uuid4().hex

    def leave_standing(self) -> None:
        """Leave the rows of the load before, except deals that belong to another source by now."""
        lost = give_up(self.mapping.source, self._held, self._lake)
        self._ledger.reject(lost, load_id=self._load_id)
        self.changed |= bool(lost)

    def run(self, path: Path, rows: Rows, digest: str) -> Outcome:
        """Take every row of the open file at ``path``."""
        source = self.mapping.source
        sieve = Sieve(
            mapping=self.mapping, origin=path.name, refuse_unknown=self._register_unknown, seen=dict(self._held)
        )
        batches = self._batches(sieve, rows.items)
        dataset = DATASETS.get(source.kind)
        if dataset is None:
            for batch in batches:
                self._register_rows(sieve, batch)
        else:
            tables = (dataset.table({"source": source.name, **one.record} for one in batch) for batch in batches)
            self.changed |= self._lake.write_batches(dataset, source.name, tables)
        self.changed |= self.registered > 0
        self._ledger.replace_rejections(source.name, self._load_id)
        return Outcome(
            source=source.name,
            kind=source.kind,
            rows=sieve.rows,
            kept=sieve.kept,
            duplicate=sieve.duplicate,
            rejected=sieve.rejected,
            digest=digest,
        )

    def _batches(self, sieve: Sieve, items: Iterator[Row | Malformed]) -> Iterator[list[Kept]]:
        """The batches of ``sieve``; what it refused meanwhile is stored."""
        for batch in sieve.batches(items):
            yield batch
            self._ledger.reject(sieve.refused, load_id=self._load_id)
            sieve.refused.clear()

    def _register_unknown(self, named: Mapping[str, datetime]) -> dict[str, Rejected]:
        drafts, refused = self._registrar.register(self.mapping.source.name, named)
        self._append(drafts)
        return refused

    def _register_rows(self, sieve: Sieve, batch: Sequence[Kept]) -> None:
        drafts: list[tuple[Kept, EventDraft]] = []
        for one in batch:
            try:
                drafts.append((one, self._ledger.admit(self._registrar.stated(self.mapping.source.name, one.record))))
            except Rejected as error:
                sieve.take_back(one.row, error.code, error.cause)
        prepared = self._registrar.prepare([draft for _, draft in drafts])
        for (one, _), item in zip(drafts, prepared, strict=True):
            if isinstance(item, Rejected):
                sieve.take_back(one.row, item.code, item.cause)
        self._append([item for item in prepared if isinstance(item, EventDraft)])

    def _append(self, drafts: Sequence[EventDraft]) -> None:
        self.registered += append_all(self._ledger, drafts)


def _file_digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise UnreadableFile(
            "reading a source's file",
            subject=str(path),
            cause=str(error),
            remedy="Put the file there, readable.",
        ) from error


def _storable(text: str) -> str:
    """``text`` as an event may hold it: no NUL, no lone surrogate, at most 2,000 characters."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")[:2000]
