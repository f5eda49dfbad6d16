"""Partitions on disk: one Parquet file each, there completely or not at all.

Belongs here: writing a partition to a temporary name, flushing it and renaming it into place; reading, listing and
removing partitions; a snapshot of them all. Does not belong here: what a dataset means (``datasets``). Writing equal
rows again leaves the file as it was, so a repeated load is seen to have changed nothing. Every dataset has a file
without rows, ``_empty.parquet``, so that a query over ``<dataset>/*.parquet`` works before anything was loaded.
"""

from __future__ import annotations

import fcntl
import filecmp
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, unquote
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from delivery_ops.errors import Permanent
from delivery_ops.lake.datasets import ALL, Dataset

_EMPTY = "_empty.parquet"
_SUFFIX = ".parquet"
_LOCK = ".lock"
_LONGEST_NAME = 200  # bytes; file systems end at 255, and the temporary name is longer than the final one


class Lake:
    """The datasets under ``root``. Safe for several processes: of two writers of one partition the last one wins."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def prepare(self) -> None:
        """Give every dataset its folder and its file without rows."""
        for dataset in ALL:
            self._folder(dataset).mkdir(parents=True, exist_ok=True)
            self._replace(dataset, self._folder(dataset) / _EMPTY, [dataset.schema.empty_table()])

    def write(self, dataset: Dataset, partition: str, table: pa.Table) -> bool:
        """Make ``table`` the whole content of ``partition``. True if that changed the file.

        Raises:
            Permanent: the columns or types are not the dataset's, or the partition's name cannot be a file's.
        """
        return self.write_batches(dataset, partition, [table])

    def write_batches(self, dataset: Dataset, partition: str, tables: Iterable[pa.Table]) -> bool:
        """As ``write``, for rows that come in pieces; only one piece is in memory at a time."""
        return self._replace(dataset, self.path(dataset, partition), tables)

    def read(self, dataset: Dataset, partition: str | None = None) -> pa.Table:
        """The rows of one partition, or of all of them in the order of their names; no rows where none are."""
        wanted = self.partitions(dataset) if partition is None else [partition]
        paths = [path for name in wanted if (path := self.path(dataset, name)).exists()]
        tables = [pq.read_table(path, schema=dataset.schema, partitioning=None) for path in paths]
        return pa.concat_tables([dataset.schema.empty_table(), *tables])

    def rows(self, dataset: Dataset) -> int:
        """How many rows the dataset has, from the files' footers alone."""
        return sum(pq.read_metadata(self.path(dataset, name)).num_rows for name in self.partitions(dataset))

    def partitions(self, dataset: Dataset) -> list[str]:
        """The partitions there are, sorted."""
        files = self._folder(dataset).glob(f"*{_SUFFIX}")
        return sorted(unquote(file.name.removesuffix(_SUFFIX)) for file in files if file.name != _EMPTY)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Within it the caller may change several partitions: a snapshot has all of these changes or none. Changes
        of others go on beside them."""
        with self._locked(fcntl.LOCK_SH):
            yield

    def snapshot(self, into: Path) -> None:
        """Replace the folder ``into`` by this lake as it is now, and as it stays there whatever is written here later.

        Files are linked, not copied: a partition is never changed, only replaced. So ``into`` must be on the lake's
        file system. It waits for those who are in ``together``.

        Raises:
            Permanent: the file system has no hard links, or ``into`` is on another one.
        """
        shutil.rmtree(into, ignore_errors=True)
        try:
            with self._locked(fcntl.LOCK_EX):
                for dataset in ALL:
                    (into / dataset.name).mkdir(parents=True)
                    for file in self._folder(dataset).glob(f"*{_SUFFIX}"):
                        os.link(file, into / dataset.name / file.name)
        except OSError as error:
            raise Permanent(
                "taking a snapshot of the lake",
                subject=str(into),
                cause=str(error),
                remedy="Put state_dir on a local file system that has hard links and room.",
            ) from error

    @contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        with (self.root / _LOCK).open("a") as file:
            fcntl.flock(file, how)
            yield  # closing the file gives the lock back, and so does the death of the process

    def remove(self, dataset: Dataset, partition: str) -> None:
        """Take ``partition`` away; one that is not there stays so."""
        self.path(dataset, partition).unlink(missing_ok=True)

    def path(self, dataset: Dataset, partition: str) -> Path:
        """Where ``partition`` lies. Its name is percent-encoded, so that any text makes one file of this folder, and
        different texts different files: ``sc-domain:a.example/2026-03-02`` is ``sc-domain%3Aa.example%2F2026-03-02``.

        Raises:
            Permanent: the name is empty, is no Unicode text, or is too long.
        """
        name = _file_name(partition)
        if not 0 < len(name) <= _LONGEST_NAME:
            raise Permanent(
                "naming a lake partition",
                subject=f"{dataset.name}: {partition!r:.120}",
                cause=f"it makes a file name of {len(name)} bytes; 1 to {_LONGEST_NAME} are possible",
                remedy="Use a shorter name.",
            )
        return self._folder(dataset) / f"{name}{_SUFFIX}"

    def _folder(self, dataset: Dataset) -> Path:
        return self.root / dataset.name

    def _replace(self, dataset: Dataset, path: Path, tables: Iterable[pa.Table]) -> bool:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _temporary(path) as temporary:
            with pq.ParquetWriter(temporary, dataset.schema, compression="zstd") as writer:
                for table in tables:
                    _require_schema(dataset, path, table)
                    writer.write_table(table.replace_schema_metadata(None).combine_chunks())
            if path.exists() and filecmp.cmp(temporary, path, shallow=False):
                return False
            _flush(temporary)
            temporary.replace(path)
        _flush(path.parent)
        return True


def _file_name(partition: str) -> str:
    """``partition`` percent-encoded, a leading ``_`` or ``.`` too: those names are ours or hidden."""
    try:
        name = quote(partition, safe="")
    except UnicodeEncodeError:
        return ""
    return f"%{ord(name[0]):02X}{name[1:]}" if name.startswith(("_", ".")) else name


@contextmanager
def _temporary(path: Path) -> Iterator[Path]:
    """A name beside ``path`` that no reader takes for a partition; gone afterwards whatever happened."""
    temporary = path.with_name(f"{path.name}.{uuid4().hex}.tmp")
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _require_schema(dataset: Dataset, path: Path, table: pa.Table) -> None:
    if table.schema.equals(dataset.schema, check_metadata=False):
        return
    wrong = [
        f"{field.name} {field.type}"
        for field in table.schema
        if field.name not in dataset.schema.names or dataset.schema.field(field.name) != field
    ]
    missing = [name for name in dataset.schema.names if name not in table.schema.names]
    raise Permanent(
        "writing a lake partition",
        subject=str(path),
        cause=f"its columns are not the dataset's: wrong {wrong}, missing {missing}; or they are in another order",
        remedy=f"Build the table with the schema of the dataset {dataset.name!r}.",
    )


def _flush(path: Path) -> None:
    """Have the system write ``path`` (a file, or a folder's list of names) to the disk now."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
