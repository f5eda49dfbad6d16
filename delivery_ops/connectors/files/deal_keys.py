"""A deal_key belongs to one source, for it joins revenue to deals across sources: to the source configured first.

Belongs here: what the sources configured before hold, and taking a deal from a source that lost it. Does not belong
here: choosing among the rows of one file (``sieve``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC
from typing import Any

from delivery_ops.connectors.files.sieve import key_digest, record_digest
from delivery_ops.file_source import KINDS, FileSource
from delivery_ops.lake.datasets import DEALS
from delivery_ops.lake.lake import Lake
from delivery_ops.ledger.rejections import Rejection
from delivery_ops.settings import Settings

_KEY = KINDS["deals"].key


def held_before(source: FileSource, settings: Settings, lake: Lake) -> dict[bytes, bytes]:
    """The deals of the sources configured before ``source``, as ``sieve`` remembers rows; nothing for other kinds."""
    held: dict[bytes, bytes] = {}
    if source.kind != "deals":
        return held
    before = settings.sources[: settings.sources.index(source)]
    for other in (one for one in before if one.kind == "deals"):
        for record in _records(lake, other):
            held.setdefault(key_digest(record[_KEY]), record_digest(record))
    return held


def give_up(source: FileSource, held: dict[bytes, bytes], lake: Lake) -> list[Rejection]:
    """Take out of the lake the rows of ``source`` that stand there from an earlier load and are ``held`` by a source
    configured before; what was taken, to be stored."""
    if source.kind != "deals":
        return []
    records = list(_records(lake, source))
    lost = [record for record in records if key_digest(record[_KEY]) in held]
    if lost:
        kept = [record for record in records if key_digest(record[_KEY]) not in held]
        lake.write(DEALS, source.name, DEALS.table({"source": source.name, **record} for record in kept))
    return [
        Rejection(
            source=source.name,
            body=json.dumps(record, ensure_ascii=False, default=str).encode(),
            code="conflicting_row",
            reason=f"{record[_KEY]!r:.200} now stands in a source configured before",
            origin="an earlier load",
        )
        for record in lost
    ]


def _records(lake: Lake, source: FileSource) -> Iterator[dict[str, Any]]:
    """The rows in the lake, as ``mapping`` made them."""
    for batch in lake.read(DEALS, source.name).to_batches(max_chunksize=10_000):
        for row in batch.to_pylist():
            del row["source"]
            yield row | {"closed_at": row["closed_at"].astimezone(UTC)}
